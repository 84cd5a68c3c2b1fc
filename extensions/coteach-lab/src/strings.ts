/** The sidebar's words: gettext catalogs as JSON, brought by this Jupyter server. */
import { request } from './api';

type Values = Record<string, string | number>;

let catalog: Record<string, string | string[]> = {};

/** BCP 47 tag of the words in force. */
export let language = 'en';

/** Load the words in the person's language; English stays when there are none. */
export async function loadWords(): Promise<void> {
  try {
    const found = await request<{ language: string; catalog: typeof catalog }>('words');
    catalog = found.catalog;
    language = found.language;
  } catch (error) {
    console.warn('coteach: no words', error);
  }
}

function fill(message: string, values: Values): string {
  return message.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Translate a message and put values into its {placeholders}. */
export function t(message: string, values: Values = {}): string {
  const found = catalog[message];
  return fill(Array.isArray(found) ? found[0] : found || message, values);
}

/** Translate a message with a number; {n} stands for it. */
export function n(singular: string, plural: string, count: number, values: Values = {}): string {
  const found = catalog[singular];
  const message = Array.isArray(found)
    ? found[Math.min(count === 1 ? 0 : 1, found.length - 1)]
    : found || (count === 1 ? singular : plural);
  return fill(message, { n: count, ...values });
}
