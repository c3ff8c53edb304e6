import { SandboxError } from '../../sandbox.error.js';
import type { EndpointName } from '../../vendor/endpoint-names.js';
import { checkStep } from './check-step.js';
import type { ScriptStep } from './script-step.js';

interface QueuedStep {
  readonly step: ScriptStep;
  remaining: number;
  isUsed: boolean;
}

/** The queue of steps for the next requests. */
export class Script {
  #queue: QueuedStep[] = [];

  /** Adds all steps, or none if one is invalid. */
  add(steps: readonly unknown[]): void {
    const checked = steps.map((step, index) => checkStep(step, `step[${index}]`));
    for (const step of checked) {
      const remaining = step.times === undefined ? 1 : (step.times ?? Infinity);
      this.#queue.push({ step, remaining, isUsed: false });
    }
  }

  /** Uses the first step for this endpoint. */
  next(endpoint: EndpointName): ScriptStep | undefined {
    const index = this.#queue.findIndex(({ step }) => (step.endpoint ?? endpoint) === endpoint);
    const first = this.#queue[index];
    if (first === undefined) return undefined;
    first.isUsed = true;
    first.remaining -= 1;
    if (first.remaining === 0) this.#queue.splice(index, 1);
    return first.step;
  }

  /** The steps that are not used up. Their `times` is what remains. */
  get pending(): readonly ScriptStep[] {
    return this.#queue.map(({ step, remaining }) => ({ ...step, times: remaining }));
  }

  assertDone(): void {
    const unused = this.#queue.filter(({ remaining, isUsed }) => remaining !== Infinity || !isUsed);
    if (unused.length === 0) return;
    const lines = unused.map(
      ({ step, remaining }, index) => `  ${index + 1}. ${describe({ ...step, times: remaining })}`,
    );
    throw new SandboxError('SCRIPT_NOT_DONE', `No request used these scripted steps:\n${lines.join('\n')}`);
  }

  clear(): void {
    this.#queue = [];
  }
}

function describe(step: ScriptStep): string {
  return JSON.stringify(step, (_, value: unknown) => {
    if (value === Infinity) return 'Infinity';
    return typeof value === 'function' ? 'function' : value;
  });
}
