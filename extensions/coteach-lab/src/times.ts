/** The server's time as the person reads it: in her zone, with the zone's city named. */
import { language } from './strings';

export function when(moment: string, zone: string): string {
  const city = zone.includes('/') ? zone.split('/').pop()!.replace(/_/g, ' ') : zone;
  try {
    const text = new Intl.DateTimeFormat(language, {
      weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZone: zone
    }).format(new Date(moment));
    return `${text} (${city})`;
  } catch {
    return `${moment} (UTC)`;
  }
}
