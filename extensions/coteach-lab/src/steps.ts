/** The steps of a module, as far as she is with them. */
import { Module, Step } from './api';
import { button, el } from './dom';
import { n, t } from './strings';

export interface StepActions {
  open: (step: Step) => unknown;
  tick: (step: Step) => unknown;
}

function stateWord(step: Step, current: boolean): string {
  if (step.word) {
    return step.word;
  }
  if (step.state === 'done') {
    return t('Done');
  }
  return current ? t('This is next.') : '';
}

function row(step: Step, current: boolean, actions: StepActions): HTMLElement {
  const open = button(step.title, () => actions.open(step), {
    class: 'coteach-step-open',
    ...(current ? { 'aria-current': 'step' } : {})
  });
  const word = stateWord(step, current);
  return el(
    'li',
    { class: `coteach-step ${step.state}${current ? ' current' : ''}`, 'data-step': step.id, 'data-number': step.number ?? '' },
    el(
      'div',
      {},
      open,
      word && el('span', { class: 'coteach-step-state' }, word),
      step.can_tick &&
        button(t('I have done this'), () => actions.tick(step), {
          class: 'coteach-link coteach-small',
          'aria-label': t('I have done this: {title}', { title: step.title })
        })
    )
  );
}

export function stepsView(module: Module, actions: StepActions): HTMLElement {
  return el(
    'div',
    {},
    el('p', { class: 'coteach-eyebrow' }, t('Module {number}', { number: module.number })),
    el('h2', {}, module.title),
    el(
      'p',
      { class: 'coteach-quiet coteach-small' },
      n('{done} of {n} step done', '{done} of {n} steps done', module.steps.length, { done: module.done })
    ),
    el('ol', { class: 'coteach-steps' }, ...module.steps.map(s => row(s, s.id === module.current, actions)))
  );
}
