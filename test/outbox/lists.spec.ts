import type { INestApplicationContext } from '@nestjs/common';
import fc from 'fast-check';
import {
  SmsCampaigns,
  type CampaignState,
  type HeldRecipient,
  type HistoryFilter,
  type Lane,
  type ListedMessage,
  type MessageFilter,
  type MessageRecipientState,
  type OutboxMessage,
  type SmsOutbox,
} from 'nestjs-laaffic-outbox';
import { cases } from '../cases.js';
import { readAll } from './campaigns.js';
import { Stage } from './stage.js';

jest.setTimeout(60_000);

const ACCOUNT = '4luaKsL2';
const OTHER = 'another';
/** The first of all messages was created then. */
const BEGIN = Date.parse('2026-01-31T09:00:00Z');
const STATES: readonly MessageRecipientState[] = [
  ...(['pending', 'sending', 'accepted', 'delivered', 'failed'] as const),
  ...(['rejected', 'cancelled', 'unknown', 'held', 'abandoned'] as const),
];
const LANES: readonly Lane[] = ['priority', 'bulk'];
const REFERENCES = ['order 1', 'order 2', 'é “3”'];

let stage: Stage;
let app: INestApplicationContext;
let outbox: SmsOutbox;
let campaigns: SmsCampaigns;

beforeAll(async () => {
  stage = await Stage.set();
  ({ app, outbox } = await stage.app({ worker: false, retentionMs: false }));
  campaigns = app.get(SmsCampaigns);
}, 60_000);
afterAll(() => stage.close());

interface Chunk {
  readonly id: number;
  readonly account?: string;
  readonly campaign_id?: number;
  readonly root_id?: number;
  readonly root_created_at?: Date;
  readonly lane?: Lane;
  readonly created_at: Date;
  readonly reference?: string | null;
  /** Undefined for an empty slot: the recipient is in a part. */
  readonly recipients: readonly (MessageRecipientState | undefined)[];
  readonly first?: number;
  readonly isRedacted?: boolean;
}

const isFinal = (state: MessageRecipientState | undefined) => state !== 'pending' && state !== 'sending';
const numberAt = (index: number) => String(918_563_000_000 + index);

/** Stores chunks with recipients in these states. A chunk whose recipients are in several states is completed. */
async function store(chunks: readonly Chunk[]): Promise<void> {
  const rows = chunks.map(({ recipients, first = 0, isRedacted = false, ...chunk }) => {
    const kept = recipients.filter((state) => state !== undefined);
    const count = (...states: MessageRecipientState[]) => kept.filter((state) => states.includes(state)).length;
    const isSame = new Set(kept).size === 1 && !['accepted', 'delivered', 'failed'].includes(kept[0]!);
    const numbers = recipients.map((state, slot) => (state === undefined ? '' : numberAt(first + slot))).join();
    return {
      account: ACCOUNT,
      lane: 'priority',
      ...chunk,
      state: kept.length === 0 ? 'split' : isSame ? kept[0] : 'completed',
      size: kept.length,
      numbers: isRedacted ? null : numbers,
      redacted_at: isRedacted ? chunk.created_at : null,
      accepted: count('accepted', 'delivered', 'failed'),
      ...Object.fromEntries(
        (['rejected', 'unknown', 'held', 'abandoned'] as const).map((state) => [state, count(state)]),
      ),
    };
  });
  const columns =
    'id, account, campaign_id, root_id, root_created_at, lane, state, size, numbers, reference, created_at, redacted_at, ' +
    'accepted, rejected, unknown, held, abandoned';
  await stage.query(
    `insert into chunk (${columns}, due_at, changed_at, attempt) overriding system value
      select ${columns}, created_at, created_at, 1 from json_populate_recordset(null::chunk, $1)`,
    [JSON.stringify(rows)],
  );
  const recipients = chunks.flatMap(({ id, recipients: states }) =>
    states.flatMap((state, slot) => (state !== undefined && isFinal(state) ? [{ chunk_id: id, slot, state }] : [])),
  );
  await stage.query(
    `insert into recipient (chunk_id, slot, state)
      select r.chunk_id, r.slot, r.state::recipient_state
      from json_to_recordset($1) r (chunk_id bigint, slot smallint, state text) join chunk c on c.id = r.chunk_id
      where c.state = 'completed'`,
    [JSON.stringify(recipients)],
  );
}

/** Messages of every kind. Three of them have the same time. */
function messages(count: number): Chunk[] {
  return Array.from({ length: count }, (_, i): Chunk[] => {
    const id = 1_000 + 10 * i;
    const created_at = new Date(BEGIN + Math.floor(i / 3) * 1_000);
    const lane = LANES[i % 7 === 0 ? 1 : 0]!;
    const isRedacted = i % 11 === 0;
    const reference = isRedacted ? null : (REFERENCES[i % 5] ?? null);
    const root = { id, lane, created_at, reference, first: i % 20 };
    const state = STATES[i % STATES.length]!;
    const part = { root_id: id, root_created_at: created_at, lane, reference, first: i % 20 };
    // The parts of a list are created later, and its first recipient may be in one.
    const later = new Date(created_at.getTime() + 3_600_000);
    if (i % 17 === 0) {
      return [
        { ...root, recipients: [undefined, 'accepted', 'rejected'] },
        { ...part, id: id + 1, created_at: later, recipients: [state, undefined, undefined] },
      ];
    }
    if (i % 13 === 0) {
      return [
        { ...root, recipients: [undefined] },
        { ...part, id: id + 1, created_at: later, recipients: [state] },
      ];
    }
    const recipients = i % 9 === 0 && isFinal(state) && state !== 'cancelled' ? [state, 'delivered' as const] : [state];
    return [{ ...root, recipients, isRedacted }];
  }).flat();
}

/** What the list says about a message, made from what `find` says. */
function listedOf({ id, reference, lane, createdAt, dueAt, attempts, recipients }: OutboxMessage): ListedMessage {
  const counts: Partial<Record<MessageRecipientState, number>> = {};
  for (const { state } of recipients) counts[state as MessageRecipientState] = (counts[state as 'held'] ?? 0) + 1;
  const number = recipients[0]?.number;
  return {
    ...{ id, lane, createdAt, dueAt, attempts, counts, total: recipients.length, changedAt: expect.any(Date) as Date },
    ...(reference === undefined ? {} : { reference }),
    ...(number === undefined ? {} : { number }),
  };
}

async function walk(filter: MessageFilter): Promise<ListedMessage[]> {
  const all: ListedMessage[] = [];
  for (let before = filter.before; ;) {
    const page = await outbox.list({ ...filter, before });
    all.push(...page.messages);
    if (page.before === undefined) return all;
    before = page.before;
  }
}

describe('the list of messages', () => {
  let found: OutboxMessage[];

  beforeAll(async () => {
    await stage.clear();
    const chunks = messages(300);
    const moved = (chunk: Chunk, by: number) => ({
      ...chunk,
      id: chunk.id + by,
      ...(chunk.root_id === undefined ? {} : { root_id: chunk.root_id + by }),
    });
    const others = chunks.map((chunk) => ({ ...moved(chunk, 5), account: OTHER }));
    const ofCampaigns = chunks.slice(0, 50).map((chunk) => ({ ...moved(chunk, 8), campaign_id: 1 }));
    await store([...chunks, ...others, ...ofCampaigns]);
    const roots = chunks.filter(({ root_id }) => root_id === undefined).reverse();
    found = (await Promise.all(roots.map(({ id }) => outbox.find(String(id))))).filter((one) => one !== undefined);
    found.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || Number(b.id) - Number(a.id));
  }, 60_000);

  it('contains each message once, newest first, also those that were split and those without numbers', async () => {
    expect(await walk({ limit: 37 })).toEqual(found.map(listedOf));
    expect(found).toHaveLength(300);
  });

  it('tells what find tells, whatever the filters', async () => {
    const time = fc.option(fc.integer({ min: -5, max: 105 }), { nil: undefined });
    const filters = fc.record(
      {
        state: fc.constantFrom(...STATES),
        lane: fc.constantFrom(...LANES),
        number: fc.integer({ min: 0, max: 21 }).map(numberAt),
        reference: fc.constantFrom(...REFERENCES, 'none'),
        from: time,
        seconds: fc.integer({ min: 1, max: 60 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 7, max: 200 }), async ({ from: begin, seconds, ...rest }, limit) => {
        const from = begin === undefined ? undefined : new Date(BEGIN + begin * 1_000);
        const to = seconds === undefined ? undefined : new Date((from?.getTime() ?? BEGIN) + seconds * 1_000);
        const filter = { ...rest, from, to };
        const expected = found.filter(
          ({ lane, reference, createdAt, recipients }) =>
            (filter.state === undefined || recipients.some(({ state }) => state === filter.state)) &&
            (filter.lane === undefined || lane === filter.lane) &&
            (filter.reference === undefined || reference === filter.reference) &&
            (filter.number === undefined || (recipients.length === 1 && recipients[0]!.number === filter.number)) &&
            (from === undefined || createdAt >= from) &&
            (to === undefined || createdAt < to),
        );
        expect((await walk({ ...filter, limit })).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      }),
      { numRuns: cases(2_000, 150) },
    );
  });

  it('finds a number in any form', async () => {
    const { messages: plain } = await outbox.list({ number: numberAt(4) });
    const { messages: written } = await outbox.list({ number: '+91 8563 000 004' });
    expect(plain.length).toBeGreaterThan(5);
    expect(written).toEqual(plain);
  });

  it('names each wrong field', async () => {
    const wrong = {
      ...{
        state: 'invalid',
        lane: 'fast',
        number: '020 7946 0958',
        reference: '',
        from: new Date(Number.NaN),
        to: 'now',
      },
      ...{ before: 'x', limit: 201 },
    };
    await expect(outbox.list(wrong as unknown as MessageFilter)).rejects.toMatchObject({
      issues: ['state', 'lane', 'from', 'to', 'number', 'reference', 'before', 'limit'].map((field) => ({
        field,
        problem: expect.any(String),
      })),
    });
    await expect(outbox.list({ from: new Date(5), to: new Date(5) })).rejects.toMatchObject({
      issues: [{ field: 'to', problem: 'must be after from' }],
    });
  });

  it('continues after a message that was deleted', async () => {
    const [, second] = (await outbox.list({ limit: 2 })).messages;
    await stage.query('delete from chunk where id = $1', [second!.id]);
    const rest = await walk({ before: second!.id });
    await store(messages(300).filter(({ id }) => String(id) === second!.id));
    expect(rest.map(({ id }) => id)).toEqual(found.slice(2).map(({ id }) => id));
  });

  it('contains each message once while new ones arrive', async () => {
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      await outbox.enqueue({ to: numberAt(30), content: 'x' });
      const page = await outbox.list({ limit: 40, before });
      seen.push(...page.messages.map(({ id }) => id));
      if (page.before === undefined) break;
      before = page.before;
    }
    await stage.query(`delete from chunk where created_by is not null`);
    expect(seen.slice(1)).toEqual(found.map(({ id }) => id));
  });
});

describe('a page of messages that are rare', () => {
  it('ends after a number of others, and the next ones find them', async () => {
    await stage.clear();
    const created_at = new Date(BEGIN);
    const chunk = (id: number, state: MessageRecipientState): Chunk => ({ id, created_at, recipients: [state] });
    await store([
      chunk(1, 'failed'),
      chunk(2, 'pending'),
      ...Array.from({ length: 4_500 }, (_, i) => chunk(10 + i, 'delivered')),
    ]);
    const pages = [];
    for (let before: string | undefined; pages.length < 9;) {
      const page = await outbox.list({ state: 'failed', before });
      pages.push(page.messages.map(({ id }) => id));
      if (page.before === undefined) break;
      before = page.before;
    }
    expect(pages).toEqual([[], [], ['1']]);
    expect((await walk({ state: 'pending' })).map(({ id }) => id)).toEqual(['2']);
    // An index contains what did not go well.
    expect(await outbox.list({ state: 'rejected' })).toEqual({ messages: [] });
  });
});

it('a resent message is found by its number, its time and its states', async () => {
  await stage.clear();
  const { id } = await outbox.enqueue({ to: numberAt(1), content: 'x' }, { reference: 'order 9' });
  await stage.query(`update chunk set state = 'held', held = 1, sent_at = clock_timestamp() where id = $1`, [id]);
  const [held] = (await outbox.list({ state: 'held' })).messages;
  await outbox.resolveHeld(id, 'resend', { actor: 'a person' });
  const message = listedOf((await outbox.find(id))!);
  const filters = [
    { number: numberAt(1) },
    { state: 'pending' as const },
    { reference: 'order 9' },
    { from: held!.createdAt },
  ];
  for (const filter of filters) expect((await outbox.list(filter)).messages).toEqual([message]);
  expect(message).toMatchObject({ id, total: 1, counts: { pending: 1 } });
  // Parts keep the time of their message, so a later time does not find it.
  const later = new Date(message.createdAt.getTime() + 1);
  expect((await outbox.list({ number: numberAt(1), from: later })).messages).toEqual([]);
  expect((await outbox.list({ state: 'held' })).messages).toEqual([]);
});

describe('the list of campaigns', () => {
  const states: CampaignState[] = ['creating', 'draft', 'scheduled', 'running', 'paused', 'cancelled', 'done'];
  const all = Array.from({ length: 120 }, (_, i) => ({
    id: String(1_000 + i),
    name: ['Spring sale', 'spring sale', 'Spring'][i % 3]!,
    state: states[(i * 5) % 7]!,
  })).reverse();

  it('tells what a filter of all campaigns tells', async () => {
    await stage.clear();
    for (const account of [ACCOUNT, OTHER]) {
      await stage.query(
        `insert into campaign (id, account, name, state, chunk_size) overriding system value
          select k.id + $3, $2, k.name, k.state::campaign_state, 1000
          from json_to_recordset($1) k (id bigint, name text, state text)`,
        [JSON.stringify(all), account, account === ACCOUNT ? 0 : 1_000_000],
      );
    }
    const filters = fc.record(
      { state: fc.constantFrom(...states), name: fc.constantFrom('Spring sale', 'Spring', 'Spr') },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 3, max: 150 }), async (filter, limit) => {
        const listed: { id: string; name: string; state: string }[] = [];
        for (let before: string | undefined; ;) {
          const page = await campaigns.list({ ...filter, limit, before });
          listed.push(...page.map(({ id, name, state }) => ({ id, name, state })));
          before = page.at(-1)?.id;
          if (before === undefined) break;
        }
        const { name, state } = filter;
        expect(listed).toEqual(
          all.filter(
            (one) => (name === undefined || one.name === name) && (state === undefined || one.state === state),
          ),
        );
      }),
      { numRuns: cases(500, 50) },
    );
  });

  it('names each wrong field', async () => {
    const wrong = { state: 'over' as CampaignState, name: '', before: 'x', limit: 0 };
    await expect(campaigns.list(wrong)).rejects.toMatchObject({
      issues: ['state', 'name', 'before', 'limit'].map((field) => ({ field, problem: expect.any(String) })),
    });
  });
});

describe('the list of held recipients', () => {
  const created_at = new Date(BEGIN);
  beforeEach(async () => {
    await stage.clear();
    await store([
      { id: 10, created_at, reference: 'order 1', recipients: ['held', 'delivered', 'held'] },
      { id: 11, created_at, recipients: ['delivered'] },
      { id: 12, created_at, campaign_id: 7, lane: 'bulk', recipients: ['held', 'held'] },
      { id: 13, created_at, root_id: 10, recipients: [undefined, undefined, undefined, 'held'] },
      { id: 14, created_at, account: OTHER, recipients: ['held'] },
      ...Array.from({ length: 120 }, (_, i): Chunk => ({ id: 20 + i, created_at, recipients: ['held'] })),
    ]);
  });

  it('contains those of messages and campaigns, oldest first', async () => {
    const held = await readAll(outbox.listHeld({ limit: 6 }));
    const shown = ({ id, messageId, campaignId, reference, position, number, state }: HeldRecipient) => [
      ...[id, messageId, campaignId, reference, position, number, state],
    ];
    expect(held.map(shown)).toEqual([
      ['10.0', '10', undefined, 'order 1', 0, numberAt(0), 'held'],
      ['10.2', '10', undefined, 'order 1', 2, numberAt(2), 'held'],
      ['12.0', undefined, '7', undefined, 0, numberAt(0), 'held'],
      ['12.1', undefined, '7', undefined, 1, numberAt(1), 'held'],
      ['13.3', '10', undefined, undefined, 3, numberAt(3), 'held'],
      ['20.0', '20', undefined, undefined, 0, numberAt(0), 'held'],
    ]);
  });

  it('can be read in pages of any size', async () => {
    const all = await readAll(outbox.listHeld());
    expect(all).toHaveLength(125);
    for (const limit of [1, 2, 50, 124, 125, 126]) {
      const pages: HeldRecipient[] = [];
      for (let after: string | undefined; ;) {
        const page = await readAll(outbox.listHeld({ after, limit }));
        pages.push(...page);
        after = page.at(-1)?.id;
        if (after === undefined) break;
      }
      expect(pages).toEqual(all);
    }
  });

  it('names each wrong field', async () => {
    for (const after of ['10', 'x.1', '0.0', '9999999999999999999.1', '10.-1', '']) {
      await expect(readAll(outbox.listHeld({ after, limit: 0 }))).rejects.toMatchObject({
        issues: ['after', 'limit'].map((field) => ({ field, problem: expect.any(String) })),
      });
    }
  });
});

describe('the history of everything', () => {
  const EVENTS = ['sending', 'completed', 'held', 'resent', 'paused', 'account paused'];
  const ACTORS = ['worker', 'alice', 'gateway'];
  const entries = Array.from({ length: 400 }, (_, i) => {
    const chunk = i % 4 === 0 ? null : [10, 11, 20, 30][i % 3 === 0 ? 3 : i % 4]!;
    return {
      id: String(1_000 + i),
      at: new Date(BEGIN + Math.floor(i / 3) * 1_000),
      campaign_id: chunk === 30 || (chunk === null && i % 8 === 0) ? 7 : null,
      chunk_id: chunk,
      attempt: chunk === null ? null : 1,
      event: EVENTS[(i * 7) % EVENTS.length]!,
      actor: ACTORS[(i * 5) % ACTORS.length]!,
      detail: i % 2 === 0 ? null : 'x',
    };
  }).reverse();

  beforeAll(async () => {
    await stage.clear();
    const created_at = new Date(BEGIN);
    await store([
      { id: 10, created_at, recipients: [undefined, 'held'] },
      { id: 11, created_at, root_id: 10, recipients: ['held', undefined] },
      { id: 20, created_at, recipients: ['held'] },
      { id: 30, created_at, campaign_id: 7, recipients: ['held'] },
    ]);
    for (const account of [ACCOUNT, OTHER]) {
      await stage.query(
        `insert into history (id, account, at, campaign_id, chunk_id, attempt, event, actor, detail) overriding system value
          select id + $3, $2, at, campaign_id, case when $3 = 0 then chunk_id end, attempt, event, actor, detail
          from json_populate_recordset(null::history, $1)`,
        [JSON.stringify(entries), account, account === ACCOUNT ? 0 : 1_000_000],
      );
    }
  });

  const walkHistory = async (filter: HistoryFilter) => {
    const all = [];
    for (let before = filter.before; ;) {
      const page = await outbox.listHistory({ ...filter, before });
      all.push(...page.entries);
      if (page.before === undefined) return all;
      before = page.before;
    }
  };

  it('tells what a filter of all entries tells', async () => {
    const filters = fc.record(
      {
        scope: fc.constantFrom({ messageId: '10' }, { messageId: '20' }, { campaignId: '7' }, { messageId: '9' }),
        event: fc.constantFrom(...EVENTS, 'never'),
        actor: fc.constantFrom(...ACTORS, 'no person'),
        from: fc.integer({ min: -5, max: 140 }),
        seconds: fc.integer({ min: 1, max: 90 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.integer({ min: 7, max: 500 }),
        async ({ scope, from: begin, seconds, ...rest }, limit) => {
          const isOfEverything = scope === undefined;
          fc.pre(!isOfEverything || !['sending', 'completed'].includes(rest.event ?? ''));
          const { messageId, campaignId } = { messageId: undefined, campaignId: undefined, ...scope };
          const from = begin === undefined ? undefined : new Date(BEGIN + begin * 1_000);
          const to = seconds === undefined ? undefined : new Date((from?.getTime() ?? BEGIN) + seconds * 1_000);
          const messageOf = (chunk: number | null) =>
            chunk === null || chunk === 30 ? null : chunk === 20 ? '20' : '10';
          const expected = entries
            .filter(
              ({ at, event, actor, campaign_id, chunk_id }) =>
                (isOfEverything ? event !== 'sending' && event !== 'completed' : true) &&
                (messageId === undefined || messageOf(chunk_id) === messageId) &&
                (campaignId === undefined || campaign_id === Number(campaignId)) &&
                (rest.event === undefined || event === rest.event) &&
                (rest.actor === undefined || actor === rest.actor) &&
                (from === undefined || at >= from) &&
                (to === undefined || at < to),
            )
            .map(({ id, at, event, actor, campaign_id, chunk_id, attempt, detail }) => {
              const message = messageOf(chunk_id);
              return {
                ...{ id, at, event, actor, detail: detail ?? undefined, attempt: attempt ?? undefined },
                chunkId: chunk_id === null ? undefined : String(chunk_id),
                ...(message === null ? {} : { messageId: message }),
                ...(campaign_id === null ? {} : { campaignId: String(campaign_id) }),
              };
            });
          expect(await walkHistory({ ...scope, ...rest, from, to, limit })).toEqual(expected);
        },
      ),
      { numRuns: cases(2_000, 150) },
    );
  });

  it('names each wrong field', async () => {
    const wrong = { campaignId: 'x', messageId: '0', event: '', actor: '', from: 'x', before: 'x', limit: 1_001 };
    await expect(outbox.listHistory(wrong as unknown as HistoryFilter)).rejects.toMatchObject({
      issues: ['campaignId', 'messageId', 'messageId', 'event', 'actor', 'from', 'before', 'limit'].map((field) => ({
        field,
        problem: expect.any(String),
      })),
    });
    await expect(outbox.listHistory({ event: 'sending' })).rejects.toMatchObject({
      issues: [
        { field: 'event', problem: 'must not be sending without a campaignId or messageId: every message has it' },
      ],
    });
  });

  it('ends a page after a number of other entries', async () => {
    await stage.query(
      `insert into history (id, account, at, event, actor) overriding system value
        select 10000 + i, $1, $2::timestamptz + i * interval '1 ms', 'held', 'worker'
        from generate_series(1, 2500) i`,
      [ACCOUNT, new Date(BEGIN + 3_600_000)],
    );
    const first = await outbox.listHistory({ actor: 'alice', limit: 3 });
    const second = await outbox.listHistory({ actor: 'alice', limit: 3, before: first.before });
    expect(first).toEqual({ entries: [], before: expect.any(String) });
    expect(second.entries.map(({ actor }) => actor)).toEqual(['alice', 'alice', 'alice']);
  });
});
