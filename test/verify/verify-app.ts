import { randomBytes } from 'node:crypto';
import type { ModuleMetadata } from '@nestjs/common';
import { SmsService } from 'nestjs-laaffic';
import type { LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { getOutboxStoreToken, OutboxExtension, type OutboxStore } from 'nestjs-laaffic-outbox/extension';
import { LaafficVerifyModule, SmsVerification, type LaafficVerifyOptions } from 'nestjs-laaffic-verify';
import { THIS_RELEASE } from '../../libs/laaffic-verify/src/store/migrate-verification.js';
import type { Stage } from '../outbox/stage.js';
import { until } from '../until.js';

const SECRETS = { sealKeys: [randomBytes(32)], keys: [randomBytes(32)] };

/** What an app of a test differs in. */
export interface VerifyAppOptions {
  readonly verify?: Partial<LaafficVerifyOptions>;
  readonly outbox?: Partial<LaafficOutboxOptions>;
  readonly metadata?: ModuleMetadata & { url?: string };
}

/** An app with verification on a stage. It sends, but its own verification worker rests: the test does that work. */
export async function verifyApp(stage: Stage, { verify = {}, outbox = {}, metadata = {} }: VerifyAppOptions = {}) {
  const imports = [
    LaafficVerifyModule.forRoot({
      ...{ keys: SECRETS.keys, countries: ['GB'], expectedPerDay: 1_000, app: 'Example', domain: 'example.com' },
      ...{ worker: false, guard: { shadow: 'all' }, send: { cooldownsMs: [0] } },
      ...verify,
    }),
    ...(metadata.imports ?? []),
  ];
  const given = { sealKeys: SECRETS.sealKeys, ...outbox };
  const { app, outbox: messages } = await stage.app(given, { ...metadata, imports });
  const extension = await OutboxExtension.open(app.get<OutboxStore>(getOutboxStoreToken()), THIS_RELEASE, {
    ...{ schema: 'laaffic_verify', migrate: false },
  });
  return { app, outbox: messages, extension, sms: app.get(SmsService), verification: app.get(SmsVerification) };
}

let next = 0;
/** A number of its own range. */
export const newNumber = () => `+44740${String(10_000 * next++ + 1_234_567).padStart(7, '0')}`;

/** The messages that the phone of a number has got. */
export const messagesTo = (stage: Stage, number: string, count = 1) =>
  until(
    () => stage.sandbox.messages.filter((message) => `+${message.number}` === number),
    (found) => found.length >= count,
  );

/** The code in a message. */
export const codeIn = ({ content }: { readonly content: string }) => /@example\.com #(\d+)$/.exec(content)?.[1] ?? '';

/** Starts and approves a verification. */
export async function approve(stage: Stage, verification: SmsVerification, to = newNumber()) {
  const { id } = await verification.start({ to, purpose: 'sign-in' });
  const [message] = await messagesTo(stage, to);
  const result = await verification.check({ id, purpose: 'sign-in', code: codeIn(message!) });
  if (result.status !== 'approved') throw new Error(`it is ${result.status}`);
  return { id, to, msgId: message!.msgId, approvedAt: result.approvedAt };
}

/** Waits until the outbox has stored the outcomes of all messages. */
export const outcomesAreStored = (stage: Stage) =>
  until(async () => {
    const rows = await stage.query(`select from chunk where state in ('pending', 'sending') limit 1`);
    return rows.length === 0;
  });

/** Deletes all verifications. */
export async function clearVerifications(stage: Stage): Promise<void> {
  const tables = [
    ...['verification', 'phone', 'quota', 'number_range', 'approval_delivery', 'approval_handler'],
    ...['traffic', 'traffic_delta', 'listed', 'decision', 'alarm', 'operator_change'],
  ];
  await stage.query(tables.map((table) => `delete from ${table}`).join('; '), undefined, 'laaffic_verify');
}

/** Every column of both schemas that contains the digits, as text or as bytes: `schema.table.column`. */
export async function columnsWith(stage: Stage, digits: string): Promise<string[]> {
  const columns = await stage.query<{ schema: string; name: string; field: string }>(
    `select c.table_schema as schema, c.table_name as name, c.column_name as field
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema in ('laaffic_outbox', 'laaffic_verify') and t.table_type = 'BASE TABLE' order by 1, 2, 3`,
  );
  if (columns.length < 100) throw new Error('the columns are missing');
  const found: string[] = [];
  for (const { schema, name, field } of columns) {
    const rows = await stage.query(
      `select from "${schema}"."${name}" where position($1 in "${field}"::text) > 0
        or position(encode(convert_to($1, 'UTF8'), 'hex') in "${field}"::text) > 0 limit 1`,
      [digits],
    );
    if (rows.length > 0) found.push(`${schema}.${name}.${field}`);
  }
  return found;
}
