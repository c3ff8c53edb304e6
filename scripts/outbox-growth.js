// The recurring statements of the outbox, and the rows with which they are tried: finished ones, of which there may be any
// number, and a few open ones. The schema is called `outbox`.

export const ACCOUNT = '4luaKsL2';

/** Tables with rows of messages and campaigns that ended. */
export const GROWING = [
  ...['chunk', 'recipient', 'history', 'campaign', 'campaign_count', 'idempotency_key', 'caller_order_id'],
  ...['invalid_entry', 'unmatched_report', 'inbound', 'opt_out'],
];

/** The ids of open rows begin here. */
const OPEN = 1_000_000_000;
const SINGLE = OPEN;
const LIST = OPEN + 10_000;
const SENDING = OPEN + 20_000;
const UNKNOWN = OPEN + 30_000;
const HELD = OPEN + 40_000;
const ACCEPTED = OPEN + 50_000;
const CAMPAIGN = OPEN;
const CAMPAIGN_CHUNK = OPEN + 60_000;
const DAY = 24 * 60 * 60_000;

/**
 * Messages and campaigns of the last 170 days, of which those older than 90 days are redacted: a fifth of the recipients
 * in single messages, the others in campaigns of 200.
 */
export function fillFinished(recipients) {
  const singles = Math.floor(recipients / 5);
  const campaigns = Math.floor((recipients - singles) / 200);
  const age = (of, all) => `(170.0 * (1 - ${of}::float8 / ${all}) + 0.5) * interval '1 day'`;
  const firstChunk = singles + 1;
  return [
    `insert into outbox.chunk (id, account, lane, state, attempt, size, numbers, content, due_at, created_at, created_by,
        changed_at, sent_at, accepted, rejected, abandoned, fingerprint, redacted_at, ended_at)
      overriding system value
      select i, '${ACCOUNT}', case when i % 5 = 0 then 'bulk' else 'priority' end::outbox.lane,
        case i % 100 when 0 then 'rejected' when 1 then 'abandoned' when 2 then 'cancelled' else 'completed' end::outbox.chunk_state,
        1, 1, case when not is_old then (918563000000 + i)::text end, case when not is_old then 'Your code is 123456' end,
        at, at, 'app', at, at, (i % 100 > 2)::int, (i % 100 = 0)::int, (i % 100 = 1)::int, case when not is_old then 'x' end,
        case when is_old then at + interval '90 days' end, case when is_old then at end
      from (select i, clock_timestamp() - ${age('i', singles)} as at, ${age('i', singles)} > interval '90 days' as is_old
        from generate_series(1, ${singles}) i) s`,
    `insert into outbox.idempotency_key (account, kind, key, id, kept_from)
      select account, 'message', 'order ' || id, id, created_at from outbox.chunk
      where campaign_id is null and id <= ${singles} and id % 2 = 0 and created_at > clock_timestamp() - interval '30 days'`,
    `insert into outbox.caller_order_id select i, array['mine ' || i] from generate_series(1, ${singles}, 10) i`,
    `insert into outbox.campaign (id, account, name, content, state, chunk_size, stored_entries, created_at, changed_at, starts_at,
        done_at, redacted_at)
      overriding system value
      select i, '${ACCOUNT}', 'sale', case when not is_old then 'Sale' end, 'done', 1000, 200, at, at, at, at,
        case when is_old then at + interval '90 days' end
      from (select i, clock_timestamp() - ${age('i', campaigns)} as at, ${age('i', campaigns)} > interval '90 days' as is_old
        from generate_series(1, ${campaigns}) i) s`,
    `insert into outbox.campaign_count (campaign_id, accepted, delivered) select id, 200, 180 from outbox.campaign where id <= ${campaigns}`,
    `insert into outbox.chunk (id, account, campaign_id, lane, state, attempt, first_position, size, numbers, due_at, created_at,
        changed_at, sent_at, accepted, delivered, redacted_at)
      overriding system value
      select ${firstChunk} + 2 * (k.id - 1) + part, k.account, k.id, 'bulk', 'completed', 1, part * 100, 100,
        case when k.redacted_at is null then repeat('918563000000,', 99) || '918563000000' end, k.done_at, k.done_at, k.done_at, k.done_at,
        100, 90, k.redacted_at
      from outbox.campaign k, generate_series(0, 1) part where k.id <= ${campaigns}`,
    `insert into outbox.recipient (chunk_id, slot, state, msg_id, reported_at)
      select c.id, s, case when c.state = 'abandoned' then 'abandoned' when (c.id + s) % 10 = 0 then 'accepted' else 'delivered' end::outbox.recipient_state,
        (3000000000000 + c.id * 1000 + s)::text, c.changed_at
      from outbox.chunk c, generate_series(0, c.size - 1) s where c.id < ${OPEN} and c.state in ('completed', 'abandoned')`,
    `insert into outbox.history (at, account, campaign_id, chunk_id, attempt, event, actor)
      select c.changed_at, c.account, c.campaign_id, c.id, 1, event, 'worker' from outbox.chunk c,
        unnest(array['sending', 'completed']) event where c.id < ${OPEN}`,
    `insert into outbox.history (at, account, campaign_id, event, actor)
      select k.changed_at, k.account, k.id, event, 'app' from outbox.campaign k, unnest(array['creating', 'running', 'done']) event
      where k.id < ${OPEN}`,
    `insert into outbox.history (at, account, event, actor)
      select clock_timestamp() - ${age('i', 'greatest(1, ' + Math.floor(recipients / 500) + ')')}, '${ACCOUNT}', 'paused', 'gateway'
      from generate_series(1, ${Math.floor(recipients / 500)}) i`,
    `insert into outbox.invalid_entry (chunk_id, slot, code)
      select i, 990 + s, 'x' from generate_series(${firstChunk}, ${singles + 2 * campaigns}) i, generate_series(0, 4) s`,
    `insert into outbox.opt_out (account, number, sender, reason, actor, version)
      select '${ACCOUNT}', (918563000000 + i)::text, '', 'reply', 'recipient', i from generate_series(1, ${Math.floor(recipients / 10)}) i`,
    `insert into outbox.opt_out_state (account, version) values ('${ACCOUNT}', ${Math.floor(recipients / 10)})`,
    `insert into outbox.inbound (account, key, number, content, type, received_at)
      select '${ACCOUNT}', i::text, case when not is_old then (918563000000 + i)::text end, case when not is_old then 'STOP' end,
        case when i % 100 = 0 then 'unclear' else 'opt-out' end::outbox.reply_type, at
      from (select i, clock_timestamp() - ${age('i', 'greatest(1, ' + Math.floor(recipients / 10) + ')')} as at,
          ${age('i', 'greatest(1, ' + Math.floor(recipients / 10) + ')')} > interval '90 days' as is_old
        from generate_series(1, ${Math.floor(recipients / 10)}) i) s`,
    // Reports of other systems, which are tried some more times before they are dropped.
    `insert into outbox.unmatched_report (account, msg_id, state, try_at)
      select '${ACCOUNT}', 'other ' || i, 'delivered', clock_timestamp() + interval '3 hours' from generate_series(1, ${Math.floor(recipients / 100)}) i`,
  ];
}

/** The same few open rows, whatever else there is. */
export function fillOpen() {
  const chunks = (first, count, columns, values) =>
    `insert into outbox.chunk (id, account, lane, created_by, content, ${columns}) overriding system value
      select ${first} + i, '${ACCOUNT}', ${values} from generate_series(1, ${count}) i`;
  const one = `'priority', 'app', 'x'`;
  const numbers = (count) => `repeat('918563000001,', ${count - 1}) || '918563000001'`;
  return [
    `insert into outbox.account (id) values ('${ACCOUNT}') on conflict do nothing`,
    chunks(SINGLE, 200, 'size, numbers', `${one}, 1, '918563000001'`),
    chunks(LIST, 20, 'size, numbers', `'bulk', 'app', 'x', 10, ${numbers(10)}`),
    chunks(
      SENDING,
      20,
      'size, numbers, state, attempt, sent_at',
      `${one}, 1, '918563000001', 'sending', 1, clock_timestamp()`,
    ),
    chunks(
      UNKNOWN,
      20,
      'size, numbers, state, attempt, sent_at, unknown',
      `${one}, 1, '918563000001', 'unknown', 1, clock_timestamp(), 1`,
    ),
    chunks(
      HELD,
      20,
      'size, numbers, state, attempt, sent_at, held',
      `${one}, 1, '918563000001', 'held', 1, clock_timestamp(), 1`,
    ),
    chunks(
      ACCEPTED,
      20,
      'size, numbers, state, attempt, sent_at, accepted, poll_at',
      `${one}, 1, '918563000001', 'completed', 1, clock_timestamp(), 1, clock_timestamp()`,
    ),
    `insert into outbox.recipient (chunk_id, slot, state, msg_id) select ${ACCEPTED} + i, 0, 'accepted', (9000000000000 + i)::text from generate_series(1, 20) i`,
    `insert into outbox.campaign (id, account, name, content, state, chunk_size, stored_entries, starts_at) overriding system value
      values (${CAMPAIGN}, '${ACCOUNT}', 'now', 'x', 'running', 1000, 500, clock_timestamp())`,
    `insert into outbox.chunk (id, account, campaign_id, lane, size, numbers, first_position) overriding system value
      select ${CAMPAIGN_CHUNK} + i, '${ACCOUNT}', ${CAMPAIGN}, 'bulk', 10, ${numbers(10)}, i * 10 from generate_series(1, 50) i`,
    `insert into outbox.chunk (id, account, campaign_id, lane, size, numbers, first_position, state, attempt, sent_at, unknown) overriding system value
      select ${CAMPAIGN_CHUNK} + 100 + i, '${ACCOUNT}', ${CAMPAIGN}, 'bulk', 1, '918563000001', 1000 + i, 'unknown', 1, clock_timestamp(), 1
      from generate_series(1, 20) i`,
    `insert into outbox.history (account, chunk_id, event, actor) select '${ACCOUNT}', ${UNKNOWN} + i, 'unknown', 'worker' from generate_series(1, 20) i`,
    `insert into outbox.history (account, campaign_id, event, actor) values ('${ACCOUNT}', ${CAMPAIGN}, 'running', 'app')`,
    `insert into outbox.idempotency_key (account, kind, key, id) values ('${ACCOUNT}', 'message', 'used', ${SINGLE + 1}), ('${ACCOUNT}', 'campaign', 'used', ${CAMPAIGN})`,
    `insert into outbox.event (account, topic, root_id, chunk_id, slots)
      select '${ACCOUNT}', 'accepted', ${ACCEPTED} + i, ${ACCEPTED} + i, '{0}' from generate_series(1, 20) i`,
    `insert into outbox.event_handler (account, topic, handler) values ('${ACCOUNT}', 'accepted', 'bench') on conflict do nothing`,
    `insert into outbox.event_delivery (account, handler, event_id, topic, root_id, chunk_id, slots, recorded_at)
      select '${ACCOUNT}', 'bench', ${OPEN} + i, 'accepted', ${ACCEPTED} + i, ${ACCEPTED} + i, '{0}', clock_timestamp() from generate_series(1, 20) i`,
    `insert into outbox.event_delivery (account, handler, event_id, topic, root_id, chunk_id, slots, recorded_at, error, first_failed_at, last_failed_at, dead_at)
      select '${ACCOUNT}', 'bench', ${OPEN} + 100 + i, 'accepted', ${ACCEPTED} + i, ${ACCEPTED} + i, '{0}', clock_timestamp(), 'Error',
        clock_timestamp(), clock_timestamp(), clock_timestamp() from generate_series(1, 20) i`,
    `insert into outbox.campaign (id, account, name, content, state, chunk_size, creator, creator_seen_at) overriding system value
      values (${CAMPAIGN + 1}, '${ACCOUNT}', 'next', 'x', 'creating', 1000, 'bench', clock_timestamp())`,
    `select setval(pg_get_serial_sequence('outbox.chunk', 'id'), ${2 * OPEN})`,
    `insert into outbox.turn values ('${ACCOUNT}', 'maintenance', clock_timestamp())`,
  ];
}

const account = ACCOUNT;
const actor = 'bench';
const nobody = '00000000-0000-0000-0000-000000000000';
const range = (first, count) => Array.from({ length: count }, (_, index) => String(first + 1 + index));
const claim = {
  account,
  worker: actor,
  limit: 20,
  burst: 0.06,
  priorityShare: 0.2,
  largest: 1000,
  startWithinMs: 60_000,
  inFlight: 0,
  lastCampaignId: '0',
  floors: [null, null],
  campaignIds: [],
  sealKeyIds: [],
};
const unlimited = { ...claim, recipientsPerSecond: null, requestsPerSecond: null };
const message = {
  ...{ account, lane: 'priority', size: '1', numbers: '918563000002', orderIds: null, content: 'x', senderId: null },
  ...{ dueAt: null, expiresAt: null, fingerprint: 'x', hasWaiter: 'false', reference: null, actor, notifies: 'false' },
  onUnconfirmed: null,
  sealKeyId: null,
  parts: '1',
};
const reports = (msgIds, charge) => ({
  account,
  msgIds: msgIds.join('\u001e'),
  states: msgIds.map(() => 'delivered').join('\u001e'),
  reasons: msgIds.map(() => '').join('\u001e'),
  gatewayTimes: msgIds.map(() => '').join('\u001e'),
  chunkIds: msgIds.map(() => '').join('\u001e'),
  slots: msgIds.map(() => '').join('\u001e'),
  charges: charge === undefined ? null : msgIds.map(() => charge).join('\u001e'),
});
const grace = { account, gracePeriodMs: 900_000, action: 'hold', actor, limit: 200 };
const retention = { account, retentionMs: 90 * DAY, limit: 200 };
const deletion = { account, deleteAfterMs: 180 * DAY, limit: 200 };
const result = (type, more) =>
  JSON.stringify(range(SENDING, 20).map((chunk) => ({ type, chunk_id: Number(chunk), attempt: 1, ...more })));
const accepted = {
  result_slots: null,
  result_msg_ids: '1',
  slots: [],
  states: [],
  codes: [],
  reasons: [],
  msg_ids: [],
};

const list = {
  ...{ account, lane: null, state: null, number: null, reference: null, from: null, to: null, before: null },
  ...{ index: 'lane', look: 50, limit: 50 },
};
const history = {
  ...{ account, campaignId: null, messageId: null, event: null, actor: null, from: null, to: null, before: null },
  ...{ look: 2000, limit: 50 },
};
/** What a page reads if nothing that it looks at matches: each message, and its place in an index, in two lanes. */
const mostRead = 12_000;

const inbound = { account, number: '6512345678', receiver: null, content: 'STOP', type: 'opt-out', gatewayTime: null };
const inboundList = { account, type: null, number: null, before: null, limit: 50 };

/** Every statement is either here or in RARE. mostRead: rows, if a statement may read more than the open ones. */
export const RECURRING = [
  { name: 'claimChunks', variant: 'priority', params: { ...unlimited, lane: 'priority' } },
  { name: 'claimChunks', variant: 'bulk', params: { ...unlimited, lane: 'bulk', limit: 40 } },
  {
    name: 'claimChunks',
    variant: 'with a rate',
    params: { ...claim, lane: 'bulk', recipientsPerSecond: 1e6, requestsPerSecond: 1e6 },
  },
  {
    name: 'storeResults',
    variant: 'completed',
    params: { actor, results: result('completed', accepted), pollAfterMs: 900_000 },
  },
  {
    name: 'storeResults',
    variant: 'unknown',
    params: { actor, results: result('unknown', { code: 'x', reason: 'y' }), pollAfterMs: 900_000 },
  },
  { name: 'lockChunks', params: {} },
  { name: 'addMessage', variant: 'without a key', params: { ...message, idempotencyKey: null } },
  { name: 'addMessage', variant: 'with a key', params: { ...message, idempotencyKey: 'new' } },
  { name: 'addMessage', variant: 'with a used key', params: { ...message, idempotencyKey: 'used' } },
  {
    name: 'addMessages',
    params: {
      ...{ account, lane: 'bulk', actor, count: '20', lanes: null, sizes: null, orderIds: null, senderIds: null },
      ...{ dueAts: null, expiresAts: null, fingerprints: null, references: null, actors: null, notified: null },
      onUnconfirmed: null,
      sealKeyIds: null,
      parts: null,
      numbers: JSON.stringify(range(918_563_000_000, 20)),
      contents: JSON.stringify(range(0, 20)),
      idempotencyKeys: JSON.stringify([...range(0, 19), 'used']),
    },
  },
  { name: 'findMessagesByKeys', params: { account, idempotencyKeys: JSON.stringify(['used', ...range(0, 19)]) } },
  { name: 'findMessageByKey', params: { account, idempotencyKey: 'used' } },
  { name: 'findMessage', params: { account, id: ACCEPTED + 1 } },
  { name: 'findDecidedMessages', params: { account, ids: range(ACCEPTED, 20) } },
  { name: 'findMessageOfChunk', params: { account, chunkId: ACCEPTED + 1 } },
  { name: 'findMessageByOrderId', params: { account, orderId: 'mine too' } },
  { name: 'cancelMessage', params: { account, id: SINGLE + 1, actor } },
  { name: 'countDue', params: { account, max: 100, sealKeyIds: [] } },
  { name: 'applyFinalReports', variant: 'found', params: reports(range(9_000_000_000_000, 20)) },
  { name: 'applyFinalReports', variant: 'not found', params: reports(range(8_000_000_000_000, 20)) },
  {
    name: 'applyFinalReports',
    variant: 'with prices',
    params: reports(range(9_000_000_000_000, 20), '(0.02,EUR,2,404,10,IN)'),
  },
  {
    name: 'storeReports',
    params: {
      ...{ account, actor, pollAfterMs: 900_000, keepsUnmatched: true, msgIds: range(7_000_000_000_000, 20) },
      ...Object.fromEntries(
        ['orderIds', 'reasons', 'gatewayTimes'].map((list) => [list, range(0, 20).map(() => null)]),
      ),
      numbers: range(0, 20).map(() => '918563000001'),
      states: range(0, 20).map(() => 'delivered'),
      chunkIds: range(UNKNOWN, 20),
      attempts: range(0, 20).map(() => 1),
      slots: range(0, 20).map(() => 0),
      charges: range(0, 20).map(() => '(0.02,EUR,2,404,10,IN)'),
    },
  },
  { name: 'retryReports', params: { account, actor, pollAfterMs: 900_000, limit: 1000 } },
  {
    name: 'claimReportPolls',
    params: { account, reportsAfterMs: 900_000, pauses: [4, 24, 96, 192], limit: 1000, recipients: 10_000 },
  },
  { name: 'releaseReportPolls', params: { chunkIds: range(ACCEPTED, 20), delayMs: 900_000 } },
  { name: 'takeLookupTurn', params: { account, intervalMs: 60_000, gracePeriodMs: 900_000 } },
  { name: 'keepLookupTurn', params: { account } },
  { name: 'finishLookup', params: { account, to: new Date(0) } },
  { name: 'findForeignIds', params: { msgIds: range(8_000_000_000_000, 20) } },
  { name: 'findOpenChunks', params: { account, longestDeliveryMs: 3 * DAY } },
  { name: 'readOpenChunks', params: { ids: range(UNKNOWN, 20) } },
  { name: 'markOverdue', params: { account, leaseMs: 60_000, actor, limit: 200 } },
  { name: 'endGracePeriod', variant: 'priority', params: { ...grace, lane: 'priority' } },
  { name: 'endGracePeriod', variant: 'bulk', params: { ...grace, lane: 'bulk' } },
  { name: 'endGracePeriod', variant: 'of messages', params: { ...grace, lane: 'priority', gracePeriodMs: 0 } },
  { name: 'endGracePeriod', variant: 'of a campaign', params: { ...grace, lane: 'bulk', gracePeriodMs: 0 } },
  { name: 'expireMessages', params: { account, actor, limit: 200 } },
  { name: 'cancelLeftovers', params: { account, actor, limit: 200 } },
  { name: 'advanceCampaigns', params: { account, actor } },
  { name: 'cancelLostCreations', params: { account, actor, lostAfterMs: 600_000, keyedAfterMs: 90 * DAY } },
  { name: 'renewCreations', params: { ids: [CAMPAIGN + 1], creators: ['bench'] } },
  { name: 'foldCounts', params: { limit: 2000 } },
  { name: 'removeOldGrants', params: { account } },
  { name: 'flushSomeResults', params: { isBusy: true, longestWaitMs: 30_000, limit: 20 } },
  { name: 'flushOldestResults', params: { limit: 100 } },
  { name: 'takeTurn', params: { account, task: 'maintenance', intervalMs: 1e9 } },
  { name: 'redactMessages', params: retention },
  { name: 'readAcceptances', params: { account, ids: range(ACCEPTED, 20) } },
  { name: 'redactFinishedMessages', params: { account, ids: range(ACCEPTED, 20), evidenceMs: DAY } },
  { name: 'redactCampaignChunks', params: retention },
  { name: 'redactCampaigns', params: retention },
  { name: 'removeUnreadablePushes', params: { account, retentionMs: 90 * DAY } },
  { name: 'deleteMessages', params: { ...deletion, recipients: 5000 } },
  { name: 'deleteCampaigns', params: { ...deletion, recipients: 5000 } },
  { name: 'deleteAccountHistory', params: deletion },
  { name: 'deleteIdempotencyKeys', params: { account, keptMs: 30 * DAY, limit: 1000 } },
  { name: 'readSpending', params: { account, from: '2026-01-01', to: '2026-01-31', groupBy: 'country' } },
  { name: 'readPrices', params: { account } },
  { name: 'readCosts', params: { account, from: '2026-01-01', to: '2026-01-31' } },
  { name: 'readStats', params: { account } },
  { name: 'readLaneLimits', params: { account } },
  { name: 'readSealedContents', params: { account } },
  { name: 'findMissingSealKeys', params: { account, sealKeyIds: ['key'] } },
  { name: 'notificationQueueUsage', params: {} },
  { name: 'probeEnqueuing', params: {} },
  { name: 'probeSending', params: {} },
  { name: 'registerHandlers', params: { account, handlers: ['bench'], topics: ['accepted'], isNotified: true } },
  { name: 'routeEvents', params: { account, limit: 1000 } },
  {
    name: 'claimEvents',
    params: {
      ...{ account, handlers: ['bench'], topics: ['accepted'], limits: [16] },
      ...{ claim: nobody, leaseMs: 60_000, perMessage: 100 },
    },
  },
  { name: 'renewEvents', params: { ids: ['1'], claim: nobody, leaseMs: 60_000 } },
  { name: 'finishEvents', params: { ids: ['1'], claim: nobody } },
  { name: 'postponeEvents', params: { ids: ['1'], claim: nobody, delayMs: 1000, failedIds: [], error: 'Error' } },
  { name: 'releaseEvents', params: { ids: ['1'], claim: nobody } },
  { name: 'readEvents', params: { ids: range(0, 20) } },
  { name: 'readMovedNumbers', params: { messageIds: range(ACCEPTED, 20) } },
  { name: 'giveUpEvents', params: { ids: ['1'], claim: nobody, error: 'Error', wasCalled: true } },
  { name: 'removeUnroutedEvents', params: { account } },
  { name: 'removeGoneHandlers', params: { account } },
  { name: 'removeHandlerlessEvents', params: { account } },
  { name: 'removeOldFailedEvents', params: { account, keptMs: 30 * DAY } },
  { name: 'listFailedEvents', params: { account, handler: null, before: null, limit: 50 } },
  { name: 'findCampaign', params: { account, id: CAMPAIGN } },
  { name: 'findCampaignByKey', params: { account, idempotencyKey: 'used' } },
  { name: 'findCampaignState', params: { account, id: CAMPAIGN } },
  { name: 'listCampaigns', params: { account, state: null, name: null, before: null, limit: 50 } },
  { name: 'listCampaigns', variant: 'rare', params: { account, state: 'paused', name: null, before: null, limit: 50 } },
  ...['now', 'sale'].map((name) => ({
    ...{ name: 'listCampaigns', variant: `named ${name}` },
    params: { account, state: null, name, before: 100, limit: 50 },
  })),
  {
    name: 'listCampaigns',
    variant: 'by name and state',
    params: { account, state: 'paused', name: 'sale', before: null, limit: 50 },
  },
  { name: 'readProgress', params: { account, id: CAMPAIGN } },
  { name: 'readResults', params: { id: CAMPAIGN, first: 0, span: 1000, state: 'pending' } },
  { name: 'listHeld', params: { account, from: '0', limit: 20 } },
  { name: 'listMessages', params: list },
  { name: 'listMessages', variant: 'after a cursor', params: { ...list, before: 10 } },
  { name: 'listMessages', variant: 'of a lane', params: { ...list, lane: 'bulk' } },
  {
    name: 'listMessages',
    variant: 'of a time',
    params: { ...list, from: new Date(Date.now() - 40 * DAY), to: new Date(Date.now() - 39 * DAY) },
  },
  { name: 'listMessages', variant: 'by number', params: { ...list, number: '918563019999', index: 'number' } },
  { name: 'listMessages', variant: 'by reference', params: { ...list, reference: 'order 1', index: 'reference' } },
  ...['unknown', 'held', 'rejected'].map((state) => ({
    ...{ name: 'listMessages', variant: state, mostRead },
    params: { ...list, state, index: 'problem', look: 2000 },
  })),
  {
    ...{ name: 'listMessages', variant: 'of a state and lane', mostRead },
    params: { ...list, state: 'rejected', lane: 'priority', index: 'problem', look: 2000 },
  },
  ...['pending', 'sending', 'failed'].map((state) => ({
    ...{ name: 'listMessages', variant: state, mostRead },
    params: { ...list, state, before: OPEN, look: 2000 },
  })),
  { name: 'findHeldOfMessage', params: { account, messageId: HELD + 1 } },
  { name: 'findHeldOfCampaign', params: { account, campaignId: CAMPAIGN } },
  { name: 'historyOfMessage', params: { account, id: UNKNOWN + 1, after: '0', limit: 100 } },
  { name: 'beginningOfMessage', params: { account, id: UNKNOWN + 1 } },
  { name: 'historyOfCampaign', params: { account, id: CAMPAIGN, after: '0', limit: 100 } },
  { name: 'listHistory', params: { ...history, event: 'paused' }, mostRead },
  { name: 'listHistory', variant: 'of an actor', params: { ...history, actor: 'alice' }, mostRead },
  {
    ...{ name: 'listHistory', variant: 'of a time', mostRead },
    params: { ...history, from: new Date(Date.now() - 40 * DAY), to: new Date(Date.now() - 39 * DAY) },
  },
  { name: 'listHistory', variant: 'of a message', params: { ...history, messageId: UNKNOWN + 1 } },
  { name: 'listHistory', variant: 'of a campaign', params: { ...history, campaignId: CAMPAIGN, event: 'paused' } },
  { name: 'listUnreadablePushes', params: { account, before: null, limit: 50 } },
  { name: 'readOptOutVersion', params: { account } },
  { name: 'readOptOutChanges', params: { account, after: '0', afterNumber: '', afterSender: '', limit: 50 }, mostRead },
  { name: 'findOptOuts', params: { account, numbers: ['918563000001', '6512345678'] } },
  { name: 'listOptOuts', params: { account, number: null, afterNumber: '', afterSender: '', limit: 50 }, mostRead },
  {
    name: 'listOptOuts',
    variant: 'of a number',
    params: { account, number: '918563000001', afterNumber: '', afterSender: '', limit: 50 },
  },
  { name: 'addInbound', params: { ...inbound, key: 'new' } },
  { name: 'listInbound', params: inboundList, mostRead },
  { name: 'listInbound', variant: 'by type', params: { ...inboundList, type: 'unclear' }, mostRead },
  { name: 'listInbound', variant: 'by number', params: { ...inboundList, number: '918563000001' } },
  { name: 'findInbound', params: { account, id: '1' } },
  { name: 'takeInboundTurn', params: { account, intervalMs: 3_600_000 } },
  { name: 'finishInboundTurn', params: { account, to: new Date() } },
  { name: 'redactInbound', params: { account, retentionMs: 90 * DAY, limit: 50 }, mostRead },
  { name: 'deleteInbound', params: { account, deleteAfterMs: 180 * DAY, limit: 50 }, mostRead },
  { name: 'findTemplate', params: { account, name: 'hello', version: null } },
  { name: 'listTemplates', params: { account, includesArchived: true, after: '', limit: 100 } },
];

/** A start, a fault, the creation of a campaign, or somebody's decision about rows with known ids. */
export const RARE = [
  ...['readInstallation', 'addAccount', 'notifyDue', 'keepUnreadablePush', 'awaitRecorders', 'listAccounts'],
  ...['addOptOuts', 'endOptOut', 'reviewInbound', 'eraseInbound'],
  ...['findNumber', 'eraseNumber', 'eraseInvalidEntries', 'eraseUnassigned'],
  ...['hasRecentWorker', 'skipRestoredIds', 'markRestored', 'holdUnknown'],
  ...['recordAccountRejection', 'pauseAccount', 'resumeAccount', 'pauseLane', 'endLaneProbe', 'resumeLanes', 'backOff'],
  ...['pauseLaneManually', 'resumeLaneManually', 'setLaneSlots', 'readLaneControls', 'retryFailedEvents'],
  ...['putTemplate', 'archiveTemplate'],
  ...[
    'addCampaign',
    'appendToCampaign',
    'readStoredChunks',
    'completeCampaign',
    'takeOverCreation',
    'releaseCreation',
    'startCampaign',
    'pauseCampaign',
  ],
  ...[
    'resumeCampaign',
    'cancelCampaign',
    'cancelCampaignChunks',
    'findRejectedOfCampaign',
    'resolveHeld',
    'resendRejected',
  ],
];
