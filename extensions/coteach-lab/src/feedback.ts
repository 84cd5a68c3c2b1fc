/** What the trainer gave back: points, comments, the marked notebook. */
import { HandIn, Part } from './api';
import { button, el } from './dom';
import { n, t } from './strings';

const number = (value: number) => String(Math.round(value * 100) / 100);

function part(each: Part, place: number): HTMLElement {
  const score =
    each.score === null
      ? t('no points yet')
      : t('{score} of {top}', { score: number(each.score), top: number(each.max_score) });
  return el(
    'li',
    {},
    el('div', {}, el('span', {}, each.name || t('Part {n}', { n: place })), el('span', {}, score)),
    each.comment && el('p', {}, each.comment),
    each.message && el('p', { class: 'coteach-quiet coteach-small' }, each.message)
  );
}

export function feedbackView(given: HandIn, open: () => unknown): HTMLElement {
  const marks = given.marks!;
  const section = el('section', { 'aria-label': t('Feedback') }, el('h3', {}, t('Feedback')));
  if (marks.score === null || marks.max_score === null) {
    section.append(
      el('div', { class: 'coteach-card look' }, el('strong', {}, t('This notebook has no score.')), el('p', {}, marks.reason))
    );
    return section;
  }
  section.append(
    el('p', { class: 'coteach-score' }, 
      n('{score} of {top} point', '{score} of {top} points', marks.max_score, { score: number(marks.score), top: number(marks.max_score) })),
    el('ol', { class: 'coteach-parts' }, ...marks.tests.map((each, place) => part(each, place + 1))),
    button(t('Open my notebook with the feedback'), open)
  );
  return section;
}
