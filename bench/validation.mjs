import { OrderIdGenerator } from '../libs/laaffic/dist/esm/messages/order-ids.js';
import { Randomness } from '../libs/laaffic/dist/esm/randomness.js';
import { readSendCommand } from '../libs/laaffic/dist/esm/messages/send-command.js';
import { median, table } from './report.mjs';

const ROUNDS = 2_000;

/** What it costs to check 1,000 recipients and make their order ids. */
export function validation() {
  const orderIds = new OrderIdGenerator(new Randomness());
  const numbers = Array.from({ length: 1000 }, (_, i) => String(91_850_000_000 + i));
  const forms = {
    digits: numbers,
    'with + and blanks': numbers.map((number) => `+${number.slice(0, 2)} ${number.slice(2, 6)} ${number.slice(6)}`),
    'with order ids': numbers.map((number, i) => ({ number, orderId: `order-${i}` })),
  };
  const rows = Object.entries(forms).map(([name, to]) => {
    const times = [];
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      const read = readSendCommand({ to, content: 'Your code is 482913' }, 1000, orderIds.forRequest());
      times.push(performance.now() - started);
      if (!('sms' in read)) throw new Error('rejected');
    }
    return [name, median(times).toFixed(3)];
  });
  return `Checking a command of 1,000 recipients (median of ${ROUNDS})\n\n${table(['numbers', 'ms'], rows)}`;
}
