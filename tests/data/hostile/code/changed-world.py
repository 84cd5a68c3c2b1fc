# about: right, and changes clock, language, limits, folder and numbers
# base: right
# least: 11
# %% +
import decimal, locale, os, random, resource, sys, time, warnings, signal
os.environ.update(TZ="Pacific/Kiritimati", LANG="tr_TR.UTF-8", PYTHONHASHSEED="1", PATH="/nowhere", HOME="/")
time.tzset()
time.time = time.monotonic = lambda: 0.0
time.sleep = lambda seconds: None
try: locale.setlocale(locale.LC_ALL, "C")
except locale.Error: pass
os.umask(0o777); os.chdir("/")
decimal.getcontext().prec = 1
warnings.simplefilter("error")
import numpy
numpy.seterr(all="raise"); random.seed(1); numpy.random.seed(1)
for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
    resource.setrlimit(limit, (0, 0))
try: time.clock_settime(time.CLOCK_REALTIME, 0)
except OSError: pass
