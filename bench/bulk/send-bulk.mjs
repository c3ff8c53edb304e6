import { CONTENT, IN_FLIGHT, numbers } from './plan.mjs';

export function open(_url, sms) {
  return async (count) => {
    let accepted = 0;
    const run = sms.sendBulk(numbers(count), { content: CONTENT }, { concurrency: IN_FLIGHT });
    for await (const receipt of run) accepted += receipt.accepted.length;
    return accepted;
  };
}
