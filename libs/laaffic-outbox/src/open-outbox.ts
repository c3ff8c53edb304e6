import type { Pool } from 'pg';
import { inSchema } from './database/database.js';
import { checkSchema, DEFAULT_SCHEMA } from './database/migrate.js';
import { OutboxError } from './errors/outbox.error.js';
import { OutboxSettings } from './options/outbox.settings.js';
import { ProcessClock } from './runtime/clock.js';
import { SmsCampaigns } from './sms-campaigns.js';
import { SmsCosts } from './sms-costs.js';
import { SmsInbox } from './sms-inbox.js';
import { SmsOptOuts } from './sms-opt-outs.js';
import { SmsOutbox } from './sms-outbox.js';
import { SmsTemplates } from './sms-templates.js';
import { listAccounts } from './sql/generated.js';
import { OutboxStore } from './store/outbox-store.js';
import { TemplateCache } from './templates/template-cache.js';

/** The outbox of one account, without an app. */
export interface OpenedOutbox {
  readonly outbox: SmsOutbox;
  readonly campaigns: SmsCampaigns;
  readonly costs: SmsCosts;
  readonly inbox: SmsInbox;
  readonly optOuts: SmsOptOuts;
  readonly templates: SmsTemplates;
}

/**
 * Opens the outbox of an account without an app, for scripts and tools of operators. It sends nothing and calls no event
 * handlers, and the schema stays as it is. There is nothing to close but your pool.
 * @param account the application id of an account that an app has registered before.
 * @param schema the name of the schema. @default 'laaffic_outbox'
 * @throws {OutboxError} `OUTBOX_NOT_FOUND` if the schema has no such account; as {@link listOutboxAccounts}.
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * const { outbox } = await openOutbox(pool, 'app-1');
 * await outbox.pauseLane('bulk', { actor: 'alice' });
 * await pool.end();
 */
export async function openOutbox(pool: Pool, account: string, schema = DEFAULT_SCHEMA): Promise<OpenedOutbox> {
  // To open a store would add the account.
  const accounts = await listOutboxAccounts(pool, schema);
  if (!accounts.includes(account)) {
    throw new OutboxError('OUTBOX_NOT_FOUND', `The schema ${schema} has no account ${JSON.stringify(account)}`);
  }
  const settings = new OutboxSettings({ database: pool, schema, migrate: false, worker: false });
  const store = await OutboxStore.open(settings, account);
  const clock = new ProcessClock();
  const cache = new TemplateCache(store.account, store.callers, store.listener, clock);
  return {
    outbox: new SmsOutbox(store, clock, cache),
    campaigns: new SmsCampaigns(store, clock),
    templates: new SmsTemplates(store),
    costs: new SmsCosts(store),
    inbox: new SmsInbox(store),
    optOuts: new SmsOptOuts(store),
  };
}

/**
 * Returns the application ids of the accounts whose outboxes are in a schema, in alphabetical order.
 * @param schema the name of the schema. @default 'laaffic_outbox'
 * @throws {OutboxError} `OUTBOX_SCHEMA_MISSING` or `OUTBOX_SCHEMA_TOO_NEW` if this release cannot work with the schema.
 */
export async function listOutboxAccounts(pool: Pool, schema = DEFAULT_SCHEMA): Promise<string[]> {
  await checkSchema(pool, schema);
  const { rows } = await pool.query<{ id: string }>(inSchema(listAccounts.text, schema));
  return rows.map(({ id }) => id);
}
