import { LaafficException, type SmsService } from 'nestjs-laaffic';
import { connect } from '../account/connection.js';
import { readEnvironment } from '../account/read-environment.js';
import type { CommandIo } from '../command-io.js';
import { EXIT } from '../exit-code.js';
import { InterruptedError } from '../interrupted.error.js';
import type { Notes } from '../output/notes.js';
import { refusedInput } from './refused-input.js';

/** Asks the gateway something that changes nothing, and shows the answer. @returns the exit code. */
export async function ask<T>(
  question: (sms: SmsService) => Promise<T>,
  show: (answer: T) => Promise<void>,
  { env, stop }: CommandIo,
  notes: Notes,
): Promise<number> {
  const { sms, close } = await connect(readEnvironment(env), notes);
  try {
    await show(await question(sms));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof LaafficException)) throw error;
    if (stop.aborted) throw new InterruptedError();
    const refused = refusedInput(error);
    if (refused !== undefined) throw refused;
    notes.say(error.message);
    return EXIT.stopped;
  } finally {
    await close();
  }
}
