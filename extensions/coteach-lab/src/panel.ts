/** The panel: what it knows, what can be done, and drawing it again after each change. */
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { Check, Cohort, Files, HandIn, Home, Module, Problem, Receipt, request, Step } from './api';
import { button, el } from './dom';
import { feedbackView } from './feedback';
import { handInView } from './handin';
import { icon } from './icon';
import { keepOpen, openAt, partsOf, saveOpen } from './opening';
import { stepsView } from './steps';
import { language, n, t } from './strings';

const REFRESH = 30_000;
/** What is over as soon as an answer comes. */
const AWAY = ['portal-away', 'lab-away', 'lab-stopped'];

/** The Hub's address that starts her server and then shows it where she is now. */
function startAgain(): string {
  const hub = PageConfig.getOption('hubPrefix') || '/hub/';
  return `${URLExt.join(hub, 'spawn')}?next=${encodeURIComponent(window.location.pathname)}`;
}

export class CoteachPanel extends Widget {
  constructor(
    private docs: IDocumentManager,
    private openPaths: () => string[],
    /** Called when a document was opened for her. */
    private opened: () => void = () => undefined
  ) {
    super();
    this.id = 'coteach-sidebar';
    this.addClass('coteach');
    this.title.icon = icon;
    this.title.caption = 'coteach';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'coteach');
    this.node.lang = language;
    window.addEventListener('focus', this._seen);
    // The widgets in a notebook say when a step may be done.
    window.addEventListener('coteach-progress', this._seen);
    this._timer = window.setInterval(this._seen, REFRESH);
    this.draw();
  }

  dispose(): void {
    window.removeEventListener('focus', this._seen);
    window.removeEventListener('coteach-progress', this._seen);
    window.clearInterval(this._timer);
    super.dispose();
  }

  /** Show the module that a document belongs to. */
  follow(path: string): void {
    const parts = partsOf(path);
    if (parts && this._find(parts.module) && parts.module !== this._chosen) {
      this._choose(parts.module);
    }
  }

  /** Ask again how far she is. */
  async refresh(): Promise<void> {
    try {
      this._home = await request<Home>('home');
      this._problem = AWAY.includes(this._problem?.code ?? '') ? null : this._problem;
      await this._loadHandIns();
    } catch (error) {
      this._fail(error);
    }
    this.draw();
  }

  protected onAfterShow(_message: Message): void {
    void this.refresh();
  }

  private _seen = (): void => {
    // Not while she is asked something: the question must not move under her hand.
    if (this.isVisible && !this._asking && document.visibilityState === 'visible') {
      void this.refresh();
    }
  };

  private get _cohort(): Cohort | undefined {
    return this._home?.learning.find(c => c.modules.some(m => m.id === this._module?.id));
  }

  private get _module(): Module | undefined {
    const all = this._home?.learning.flatMap(c => c.modules) ?? [];
    return all.find(m => m.id === this._chosen) ?? all.find(m => m.id === this._home?.next.module) ?? all[0];
  }

  private _find(module: string): Module | undefined {
    return this._home?.learning.flatMap(c => c.modules).find(m => m.id === module);
  }

  private _choose(module: string): void {
    this._chosen = module;
    this._asking = false;
    this._fresh = null;
    this._handIns = [];
    void this.refresh();
  }

  private get _folder(): string {
    return `${this._cohort?.course}/${this._module?.id}`;
  }

  private get _given(): HandIn | undefined {
    return this._handIns.find(h => h.marks);
  }

  private async _loadHandIns(): Promise<void> {
    const module = this._module;
    if (module?.steps.some(s => s.kind === 'assignment')) {
      const found = await request<{ submissions: HandIn[] }>(
        `submissions?assignment=${encodeURIComponent(module.id)}`);
      this._handIns = found.submissions;
    }
  }

  private _fail(error: unknown): void {
    this._problem = error instanceof Problem ? error : new Problem(
      t('Your JupyterLab server does not answer.'), t('Wait a moment, or load the page again.'), 'lab-away');
  }

  /** Do something for her; what goes wrong is said in the panel. */
  private async _do(act: () => Promise<void>): Promise<void> {
    this._problem = null;
    this._note = '';
    try {
      await act();
    } catch (error) {
      this._fail(error);
    }
    this.draw();
  }

  private async _open(step: Step): Promise<void> {
    await this._do(async () => {
      const given = this._given;
      if (step.kind === 'feedback' && given) {
        return this._openFeedback(given);
      }
      if (step.kind === 'feedback' && step.url) {
        window.location.href = step.url;
        return;
      }
      if (step.kind === 'feedback') {
        this._note = t('There is no feedback yet.');
        return;
      }
      const name = step.kind === 'assignment' ? 'assignment.ipynb' : decodeURIComponent(this._module!.url.split('/').pop()!);
      await this._fetch();
      await openAt(this.docs, `${this._folder}/${name}`, step.kind === 'assignment' ? '' : step.cell);
      this.opened();
    });
  }

  /** Bring missing files; what is open is saved instead, so her answers come back, not an empty form. */
  private async _fetch(): Promise<Files & { saved: number }> {
    const { open, saved } = await keepOpen(this.docs, this.openPaths(), this._folder);
    return { ...(await request<Files>('fetch', { module: this._module!.id, open })), saved };
  }

  private async _openFeedback(given: HandIn): Promise<void> {
    const found = await request<{ file: string }>('feedback', { submission: given.receipt.id, folder: this._folder });
    this.docs.openOrReveal(found.file, 'HTML Viewer');
    this.opened();
    await this.refresh();
  }

  private get _assignment(): { path: string; assignment: string } {
    return { path: `${this._folder}/assignment.ipynb`, assignment: this._module!.id };
  }

  /** Ask whether to hand in, with what is odd about the notebook as she sees it. */
  private async _ask(asking: boolean): Promise<void> {
    await this._do(async () => {
      this._check = null;
      if (asking) {
        await saveOpen(this.docs, this._assignment.path);
        const found = await request<{ check: Check }>('submit', { ...this._assignment, check: true });
        this._check = found.check;
      }
      this._asking = asking;
    });
  }

  private async _submit(): Promise<void> {
    await this._do(async () => {
      await saveOpen(this.docs, this._assignment.path);
      const found = await request<{ receipt: Receipt }>('submit', this._assignment);
      this._fresh = found.receipt;
      this._asking = false;
      await this.refresh();
    });
  }

  private async _getMissing(): Promise<void> {
    await this._do(async () => {
      const found = await this._fetch();
      const back = found.written.length + found.saved;
      this._note = back
        ? n('{n} file came back.', '{n} files came back.', back)
        : t('Nothing was missing.');
      if (found.pending.length) {
        this._note += ' ' + t('The assignment is still being prepared. Try again in a minute.');
      }
    });
  }

  /** Draw everything again, keeping the keyboard's place. */
  draw(): void {
    const focused = (document.activeElement as HTMLElement | null)?.textContent;
    const had = this.node.contains(document.activeElement);
    this.node.replaceChildren(...this._views());
    if (had) {
      const buttons = [...this.node.querySelectorAll<HTMLElement>('button, a')];
      const wanted = this.node.querySelector<HTMLElement>('[data-focus]') ?? buttons.find(b => b.textContent === focused);
      (wanted ?? buttons[0])?.focus();
    }
  }

  private _views(): Node[] {
    const module = this._module;
    const views: Node[] = [el('a', { class: 'coteach-home', href: '/' }, t('coteach: your courses'))];
    if (this._home?.demo) {
      views.push(el('p', {}, el('span', { class: 'coteach-demo' }, t('Demo: people and work are made up'))));
    }
    if (this._problem) {
      views.push(
        el('div', { class: 'coteach-card look', role: 'alert' }, el('strong', {}, this._problem.message), el('p', {}, this._problem.hint),
          this._problem.code === 'lab-stopped' &&
            el('p', {}, el('a', { class: 'coteach-home', href: startAgain(), target: '_blank' }, t('Start JupyterLab again')))));
    }
    if (!module) {
      const words = this._problem ? '' : this._home ? t('You are in no course yet.') : t('Loading…');
      return words ? [...views, el('p', { class: 'coteach-quiet' }, words)] : views;
    }
    views.push(stepsView(module, {
      open: step => this._open(step),
      tick: step => this._do(async () => {
        await request('step-done', { module: module.id, step: step.id });
        await this.refresh();
      })
    }));
    return [...views, ...this._assignmentViews(module), this._filesView(), ...this._otherViews(module)];
  }

  private _assignmentViews(module: Module): Node[] {
    if (!module.steps.some(s => s.kind === 'assignment')) {
      return [];
    }
    const given = this._given;
    const handIn = handInView(
      { asking: this._asking, check: this._check, fresh: this._fresh, newest: this._handIns[0] ?? null, deadline: module.deadline_local,
        overdue: module.overdue ?? (module.deadline !== null && Date.parse(module.deadline) < Date.now()) },
      {
        ask: asking => this._ask(asking),
        submit: () => this._submit()
      });
    return given ? [feedbackView(given, () => this._do(() => this._openFeedback(given))), handIn] : [handIn];
  }

  private _filesView(): Node {
    return el(
      'section',
      { 'aria-label': t('Files') },
      button(t('Get missing files again'), () => this._getMissing(), { class: 'coteach-link' }),
      el('p', { class: 'coteach-quiet coteach-small', role: 'status' }, this._note || t('Files that are there stay as they are.'))
    );
  }

  private _otherViews(module: Module): Node[] {
    const others = this._home!.learning.flatMap(c => c.modules).filter(m => m.id !== module.id);
    return others.length
      ? [el('section', {}, el('h3', {}, t('Other modules')),
          ...others.map(m => button(m.title, () => this._choose(m.id), { class: 'coteach-link' })))]
      : [];
  }

  private _home: Home | null = null;
  private _chosen = '';
  private _handIns: HandIn[] = [];
  private _fresh: Receipt | null = null;
  private _asking = false;
  private _check: Check | null = null;
  private _note = '';
  private _problem: Problem | null = null;
  private _timer: number;
}
