import { randomBytes } from 'node:crypto';
import { getOutboxStoreToken, OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { SmsVerification } from 'nestjs-laaffic-verify';
// A clock of the bench, and a store without the service; the package does not export them.
import { VerifySettings } from '../../libs/laaffic-verify/dist/esm/options/verify.settings.js';
import { THIS_RELEASE } from '../../libs/laaffic-verify/dist/esm/store/migrate-verification.js';
import { PostgresStore } from '../../libs/laaffic-verify/dist/esm/store/postgres-store.js';

export const PURPOSE = 'sign-in';

/**
 * The service as the module makes it, on the outbox of an app.
 * @param options `onMessage` gets each message with a code; `sends`: whether messages are enqueued.
 */
export async function startVerification(app, { now, onMessage, sends = true } = {}) {
  const settings = new VerifySettings({
    keys: [randomBytes(32)],
    countries: ['GB'],
    expectedPerDay: 1_000_000,
    app: 'Example',
  });
  const options = { schema: settings.schema, migrate: settings.migrate };
  const extension = await OutboxExtension.open(app.get(getOutboxStoreToken()), THIS_RELEASE, options);
  class Store extends PostgresStore {
    async start(input) {
      const outcome = await super.start(sends ? input : { ...input, message: undefined });
      if (outcome.result === 'sent') onMessage?.(input.message);
      return outcome;
    }
  }
  const store = new Store(extension, now === undefined ? undefined : () => new Date(now()));
  return new SmsVerification(store, settings, now);
}

/** What the judge sees of it: the text on the phone. */
export async function startSubject(app, now) {
  const [ids, codes] = [new Map(), new Map()];
  const verification = await startVerification(app, {
    now,
    onMessage: (message) => codes.set(message.to, codeIn(message)),
  });
  return {
    /** @returns the milliseconds to wait if there is no code yet. */
    async start(number) {
      try {
        ids.set(number, (await verification.start({ to: number, purpose: PURPOSE })).id);
        return undefined;
      } catch (error) {
        return error.retryAfterSeconds === undefined ? Infinity : error.retryAfterSeconds * 1_000;
      }
    },
    codeOn: (number) => codes.get(number),
    check: async (number, code) => (await verification.check({ id: ids.get(number), purpose: PURPOSE, code })).status,
  };
}

/** The code in the text of a message. */
export const codeIn = ({ content }) => /\b\d{6}\b/.exec(content)[0];
