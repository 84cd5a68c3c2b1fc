/** Asking this person's own Jupyter server, which asks the portal. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { t } from './strings';

/** What JupyterHub answers in place of a server that does not run. */
const SERVER_STOPPED = 424;

/** A sentence that the person may read. */
export class Problem extends Error {
  constructor(message: string, readonly hint: string, readonly code: string) {
    super(message);
  }
}

export interface Step {
  id: string;
  kind: string;
  title: string;
  cell: string;
  /** As the notebook numbers its sections; empty when it does not. */
  number?: string;
  state: string;
  word: string;
  url: string;
  can_tick: boolean;
}

export interface Module {
  id: string;
  number: number;
  title: string;
  minutes: number;
  url: string;
  current: string;
  done: number;
  deadline: string | null;
  deadline_local: string | null;
  /** The deadline has passed. */
  overdue?: boolean;
  steps: Step[];
}

export interface Cohort {
  id: string;
  course: string;
  title: string;
  modules: Module[];
}

export interface Home {
  learning: Cohort[];
  next: { module: string };
  me: { display_name: string };
  /** Whether this is a demo, whose people and work are made up. */
  demo?: boolean;
}

export interface Receipt {
  id: string;
  assignment: string;
  sha256: string;
  received: string;
  received_local: string;
  late: boolean;
  url: string;
  new?: boolean;
  warning?: string;
  odd?: string[];
}

/** What the portal says about a notebook before it is handed in. */
export interface Check {
  warning: string;
  odd: string[];
}

export interface Part {
  grade_id: string;
  /** What the task is called. */
  name?: string;
  score: number | null;
  max_score: number;
  message: string;
  comment: string;
  by_hand: boolean;
}

export interface Marks {
  status: string;
  score: number | null;
  max_score: number | null;
  reason: string;
  released: string;
  tests: Part[];
}

export interface HandIn {
  receipt: Receipt;
  marks: Marks | null;
}

export interface Files {
  folder: string;
  written: string[];
  kept: string[];
  pending: string[];
}

/** Ask `<base>/coteach/<name>`; with a body it is a POST. Throws a `Problem` with a sentence. */
export async function request<T>(name: string, body?: object, seconds = 90): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const init: RequestInit = { signal: AbortSignal.timeout(seconds * 1000) };
  if (body) {
    init.method = 'POST';
    init.body = JSON.stringify(body);
  }
  const answer = await ServerConnection.makeRequest(
    URLExt.join(settings.baseUrl, 'coteach', name), init, settings);
  if (answer.status === SERVER_STOPPED) {
    throw new Problem(
      t('Your JupyterLab was stopped.'),
      t('What you see here is still in this window. Start JupyterLab in another tab, come back here and save.'),
      'lab-stopped');
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const said = found.error ?? {};
    throw new Problem(said.message ?? answer.statusText, said.hint ?? '', said.code ?? '');
  }
  return found as T;
}
