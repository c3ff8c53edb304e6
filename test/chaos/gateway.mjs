// The gateway and judge: a process that is never killed and counts what arrived.
import { LaafficSandbox } from 'laaffic-sandbox';
import { busiestSecond } from './busiest-second.mjs';

const { latency, faults, rejected, blind } = JSON.parse(process.argv[2]);
const accepted = new Map();
const arrivals = [];
let doubled = 0;

const sandbox = await LaafficSandbox.start({
  queuedForMs: 0,
  deliveredAfterMs: 0,
  historyLimit: 100,
  messageLimit: null,
  balance: '100000000',
  triggers: false,
  // Sent records and fetched reports have prices, whose sums are checked.
  quirks: { reportPriceDetail: 'plain' },
  rejectionRules: rejected == null ? [] : [{ number: { pattern: rejected }, status: -9, reason: 'DST_MCCMNC_LIMIT' }],
  onRequest: (call, messages) => {
    refill();
    if (messages.length === 0) return;
    arrivals.push([call.at, messages.length]);
    for (const { number } of messages) {
      const count = (accepted.get(number) ?? 0) + 1;
      accepted.set(number, count);
      if (count > 1) doubled++;
    }
  },
});
if (blind) sandbox.script({ endpoint: 'getSentRcd', times: Infinity, status: -18 });
refill();

/** Keeps a few hundred random steps ready. */
function refill() {
  const ready = sandbox.pendingSteps.length;
  if (ready > 200) return;
  sandbox.script(Array.from({ length: 400 }, draw));
}

function draw() {
  const step = { endpoint: 'sendSms', delayMs: Math.round(latency[0] + Math.random() * (latency[1] - latency[0])) };
  let dice = Math.random();
  for (const [fault, share] of Object.entries(faults)) {
    dice -= share;
    if (dice < 0) return fault === 'late' ? { ...step, responseDelayMs: 1_500 } : { ...step, fault };
  }
  return step;
}

process.on('message', ({ ask, ...question }) => {
  if (ask === 'url') process.send({ url: sandbox.url });
  if (ask === 'verdict') process.send(verdict(question));
  if (ask === 'end') void sandbox.close().then(() => process.exit(0));
});

/** Numbers are `prefix` and a count, so whole ranges can be queried. */
function verdict({ ranges }) {
  const found = ranges.map(({ prefix, from, to }) => {
    let there = 0;
    const missing = [];
    for (let i = from; i < to; i++) {
      if (accepted.has(prefix + String(i).padStart(7, '0'))) there++;
      else if (missing.length < 10) missing.push(i);
    }
    return { there, missing };
  });
  return { doubled, distinct: accepted.size, found, busiestSecond: busiestSecond(arrivals) };
}
