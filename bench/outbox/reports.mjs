import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import pg from 'pg';
// What the route for pushes calls for each of them; the package gives no way to it but over HTTP.
import { ReportIntake } from '../../libs/laaffic-outbox/dist/esm/reports/report-intake.js';
import { table } from '../report.mjs';

const REPORTS = 200_000;
const SINGLE = 10_000;
const GROUP = 1_000;
/** Reports that come before the first of them is answered. */
const AT_ONCE = 4_000;
/** Has no divisor in common with the count: reports come in another order than the messages went. */
const STRIDE = 7_919;

/** Delivery reports of accepted messages, beside the statement alone that writes them. */
export async function reports({ url, producer }, campaignId) {
  const all = await acceptedOf(producer.get(SmsCampaigns), campaignId);
  const [first, second, third] = [0, 1, 2].map((part) => shuffled(all.slice(part * REPORTS, (part + 1) * REPORTS)));
  const bare = await perSecond(first, () => bareGroups(url, first));
  const single = await perSecond(second.slice(0, SINGLE), () => one(url, second.slice(0, SINGLE)));
  const intake = producer.get(ReportIntake);
  const booked = await perSecond(third, () => pushed(intake, third));
  const again = await perSecond(third, () => pushed(intake, third));
  const ratio = (value) => [value.toFixed(0), (value / bare).toFixed(2)];
  return table(
    ['', 'reports/s', 'of the update'],
    [
      [`bare update, ${GROUP} messages a statement, 2 connections`, ...ratio(bare)],
      ['outbox', ...ratio(booked)],
      ['outbox, each report once more', ...ratio(again)],
      ['bare update, 1 message a statement, 10 connections', ...ratio(single)],
    ],
  );
}

async function acceptedOf(campaigns, campaignId) {
  const list = [];
  for await (const { number, orderId, msgId } of campaigns.listResults(campaignId, { state: 'accepted' })) {
    list.push({ number, orderId, msgId, state: 'delivered', at: new Date() });
    if (list.length === 3 * REPORTS) return list;
  }
  throw new Error(`only ${list.length} messages were accepted`);
}

function shuffled(list) {
  return list.map((_, index) => list[(index * STRIDE) % list.length]);
}

async function perSecond(list, work) {
  const started = performance.now();
  await work();
  return (list.length / (performance.now() - started)) * 1000;
}

async function pushed(intake, list) {
  for (let start = 0; start < list.length; start += AT_ONCE) {
    await Promise.all(list.slice(start, start + AT_ONCE).map((report) => intake.take(report)));
  }
}

const UPDATE = `update laaffic_outbox.recipient m set state = 'delivered', reported_at = clock_timestamp(), gateway_time = r.at
  from unnest($1::text[], $2::timestamptz[]) r (msg_id, at) where m.msg_id = r.msg_id and m.state = 'accepted'`;

function bareGroups(url, list) {
  const groups = [];
  for (let start = 0; start < list.length; start += GROUP) groups.push(list.slice(start, start + GROUP));
  return sideBySide(url, 2, groups);
}

function one(url, list) {
  return sideBySide(
    url,
    10,
    list.map((report) => [report]),
  );
}

async function sideBySide(url, connections, groups) {
  const open = [...groups];
  const pool = new pg.Pool({ connectionString: url, max: connections });
  const work = async () => {
    for (let group = open.pop(); group !== undefined; group = open.pop()) {
      await pool.query(UPDATE, [group.map(({ msgId }) => msgId), group.map(({ at }) => at.toISOString())]);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  await pool.end();
}
