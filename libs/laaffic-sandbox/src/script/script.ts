import type { EndpointName } from '../protocol/endpoint.name.js';
import { SandboxError } from '../sandbox.error.js';
import { checkStep } from './check-step.js';
import type { ScriptStep } from './script.step.js';

interface Pending {
  readonly step: ScriptStep;
  left: number;
  used: boolean;
}

/** The steps for the next calls, first in, first out. */
export class Script {
  private queue: Pending[] = [];

  /** All of them, or none when one is wrong. */
  add(steps: readonly unknown[]): void {
    const checked = steps.map((step, index) => checkStep(step, `step[${index}]`));
    for (const step of checked) {
      this.queue.push({ step, left: step.times === undefined ? 1 : (step.times ?? Infinity), used: false });
    }
  }

  /** Uses up the first step that is for this endpoint. */
  next(endpoint: EndpointName): ScriptStep | null {
    const index = this.queue.findIndex(({ step }) => (step.endpoint ?? endpoint) === endpoint);
    const first = this.queue[index];
    if (first === undefined) return null;
    first.used = true;
    first.left -= 1;
    if (first.left === 0) this.queue.splice(index, 1);
    return first.step;
  }

  /** Steps not used up, `times` being what is left of them. */
  get pending(): readonly ScriptStep[] {
    return this.queue.map(({ step, left }) => ({ ...step, times: left }));
  }

  assertDone(): void {
    const unused = this.queue.filter(({ left, used }) => left !== Infinity || !used);
    if (unused.length === 0) return;
    const lines = unused.map(({ step, left }, index) => `  ${index + 1}. ${described({ ...step, times: left })}`);
    throw new SandboxError('SCRIPT_NOT_DONE', `Scripted steps that no call has used:\n${lines.join('\n')}`);
  }

  clear(): void {
    this.queue = [];
  }
}

function described(step: ScriptStep): string {
  return JSON.stringify(step, (_, value: unknown) => {
    if (value === Infinity) return 'Infinity';
    return typeof value === 'function' ? 'function' : value;
  });
}
