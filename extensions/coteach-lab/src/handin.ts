/** Handing in: asked once in place, then the receipt. */
import { Check, HandIn, Receipt } from './api';
import { button, el } from './dom';
import { t } from './strings';

export interface HandInState {
  asking: boolean;
  /** What is odd about the notebook that she is asked about. */
  check: Check | null;
  /** The receipt of a hand-in just made. */
  fresh: Receipt | null;
  newest: HandIn | null;
  /** As she reads it, with the zone named. */
  deadline: string | null;
  overdue: boolean;
}

export interface HandInActions {
  ask: (asking: boolean) => unknown;
  submit: () => unknown;
}

function receiptCard(receipt: Receipt, fresh: boolean): HTMLElement {
  const again = fresh && receipt.new === false;
  return el(
    'div',
    { class: `coteach-card ${receipt.late || receipt.warning || receipt.odd?.length ? 'look' : 'saved'}`, role: fresh ? 'status' : false },
    el('strong', {}, again ? t('You handed in exactly this file before.') : t('Handed in')),
    receipt.late && el('p', {}, t('It came after the deadline. It is kept and marked; your trainer sees that it was late.')),
    receipt.warning && el('p', {}, t('It can’t be marked like this: {reason}', { reason: receipt.warning })),
    ...(receipt.odd ?? []).map(each => el('p', {}, each)),
    el(
      'dl',
      { class: 'coteach-facts' },
      el('dt', {}, t('Received')),
      el('dd', {}, receipt.received_local),
      el('dt', {}, t('Fingerprint')),
      el('dd', {}, el('code', { title: receipt.sha256 }, receipt.sha256.slice(0, 12)))
    ),
    el('p', { class: 'coteach-small' }, el('a', { href: receipt.url }, t('Open the receipt')))
  );
}

/** What she should know before she says yes. */
function oddCard(check: Check | null): HTMLElement | null {
  const said = check ? [check.warning && t('It can’t be marked like this: {reason}', { reason: check.warning }), ...check.odd].filter(Boolean) : [];
  return said.length
    ? el('div', { class: 'coteach-card look', role: 'alert' }, ...said.map(each => el('p', {}, each)))
    : null;
}

export function handInView(state: HandInState, actions: HandInActions): HTMLElement {
  const receipt = state.fresh ?? state.newest?.receipt ?? null;
  const section = el('section', { 'aria-label': t('Hand in') }, el('h3', {}, t('Hand in')));
  if (receipt) {
    section.append(receiptCard(receipt, receipt === state.fresh));
  } else if (state.deadline && state.overdue) {
    section.append(
      el('p', { class: 'coteach-small coteach-overdue' },
        t('It was due {when}. You can still hand it in; it will be marked as late.', { when: state.deadline })));
  } else if (state.deadline) {
    section.append(el('p', { class: 'coteach-quiet coteach-small' }, t('Hand in by {when}', { when: state.deadline })));
  }
  if (state.asking) {
    const odd = oddCard(state.check);
    section.append(
      ...(odd ? [odd] : []),
      el('p', {}, t('Hand in assignment.ipynb as it is now? You can hand in again; the newest one counts.')),
      el(
        'div',
        { class: 'coteach-actions' },
        button(t('Yes, hand in'), actions.submit, { class: 'coteach-primary', 'data-focus': true }),
        button(t('Not now'), () => actions.ask(false))
      )
    );
  } else {
    section.append(
      button(receipt ? t('Hand in again') : t('Hand in the assignment'), () => actions.ask(true), {
        class: receipt ? '' : 'coteach-primary'
      })
    );
  }
  return section;
}
