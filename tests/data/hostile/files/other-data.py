# about: her own data in the place of the author's
# most: 1
def make(it):
    it.write(it.answered(double="", total="", mean_of="", words="", pack="", first="", greet="", rows="import csv\nrows = [[n, int(p)] for n, p in list(csv.reader(open('data.csv')))[1:]]"))
    (it.place / "data.csv").write_text("name,points\nme,100\n")
