import { setTimeout as pause } from 'node:timers/promises';
import type { OutboxArguments } from '../arguments/arguments.js';
import { InterruptedError } from '../command.error.js';
import { pluralize } from '../output/format.js';
import type { ResultWriter } from '../output/result-writer.js';
import type { StderrLog } from '../output/stderr-log.js';
import { LANES, type Lane, type OpenedOutbox } from '../outbox/outbox-packages.js';

/** Each reading of the stats reads all open recipients. */
const DRAIN_INTERVAL_MS = 1_000;

/** Pauses the given lane, or both, for all workers. */
export async function pauseLanes(opened: OpenedOutbox, given: OutboxArguments, results: ResultWriter): Promise<void> {
  const { actor, reason } = given;
  await change(given, results, ['paused', 'was already paused'], (lane) =>
    opened.outbox.pauseLane(lane, { actor, reason }),
  );
}

/** Resumes the given lane, or both, for all workers. */
export async function resumeLanes(opened: OpenedOutbox, given: OutboxArguments, results: ResultWriter): Promise<void> {
  const { actor } = given;
  await change(given, results, ['resumed', 'was not paused'], (lane) => opened.outbox.resumeLane(lane, { actor }));
}

/**
 * Pauses both lanes and waits until no request is in flight. The lanes stay paused.
 * @throws {InterruptedError} if a signal ends the wait.
 */
export async function drain(
  { outbox }: OpenedOutbox,
  { actor, reason, json, quiet }: OutboxArguments,
  results: ResultWriter,
  { log, stop }: { readonly log: StderrLog; readonly stop: AbortSignal },
): Promise<void> {
  for (const lane of LANES) await outbox.pauseLane(lane, { actor, reason });
  for (let printed = -1; ;) {
    const { sending, backlog } = await outbox.getStats();
    if (sending === 0) {
      if (json) await results.writeJson({ sending, backlog });
      else
        await results.writeLine(
          `nothing is sending; both lanes are paused, with ${pluralize(backlog, 'recipient')} due`,
        );
      return;
    }
    if (!quiet && sending !== printed) log.print(`waiting for the responses to ${pluralize(sending, 'recipient')}`);
    printed = sending;
    await pause(DRAIN_INTERVAL_MS, undefined, { signal: stop }).catch(() => undefined);
    if (!stop.aborted) continue;
    log.print('stopped waiting; both lanes stay paused: laaffic outbox resume');
    throw new InterruptedError();
  }
}

async function change(
  { lane, json }: OutboxArguments,
  results: ResultWriter,
  [changed, unchanged]: readonly [string, string],
  act: (lane: Lane) => Promise<boolean>,
): Promise<void> {
  const done: { lane: Lane; changed: boolean }[] = [];
  for (const each of lane === undefined ? LANES : [lane]) done.push({ lane: each, changed: await act(each) });
  if (json) await results.writeJson(done);
  else await results.writeLines(done.map((each) => `${each.lane} ${each.changed ? changed : unchanged}`));
}
