import { randomBytes } from 'node:crypto';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { getOutboxStoreToken, OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { SmsVerification } from 'nestjs-laaffic-verify';
// A clock of the bench, and a store without the service; the package does not export them.
import { VerifySettings } from '../../libs/laaffic-verify/dist/esm/options/verify.settings.js';
import { THIS_RELEASE } from '../../libs/laaffic-verify/dist/esm/store/migrate-verification.js';
import { PostgresStore } from '../../libs/laaffic-verify/dist/esm/store/postgres-store.js';

export const PURPOSE = 'sign-in';

/** The service as the module makes it, on the outbox of an app. */
export async function startVerification(app, { now, outbox = app.get(SmsOutbox) } = {}) {
  const settings = new VerifySettings({
    keys: [randomBytes(32)],
    countries: ['GB'],
    expectedPerDay: 1_000_000,
    app: 'Example',
  });
  const options = { schema: settings.schema, migrate: settings.migrate };
  const extension = await OutboxExtension.open(app.get(getOutboxStoreToken()), THIS_RELEASE, options);
  const store = new PostgresStore(extension, now === undefined ? undefined : () => new Date(now()));
  return new SmsVerification(store, outbox, settings, now);
}

/** What the judge sees of it: the text on the phone. */
export async function startSubject(app, now) {
  const [ids, codes] = [new Map(), new Map()];
  const outbox = app.get(SmsOutbox);
  const phone = {
    enqueue: (message, options) => {
      codes.set(message.to, /\b\d{6}\b/.exec(message.content)[0]);
      return outbox.enqueue(message, options);
    },
  };
  const verification = await startVerification(app, { now, outbox: phone });
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
