// As users write it: slices of 1,000, a few calls of `send` at once.
import { CONTENT, IN_FLIGHT, numbers, REQUEST_SIZE } from './plan.mjs';

export function open(_url, sms) {
  return async (count) => {
    const source = slices(numbers(count));
    let accepted = 0;
    const worker = async () => {
      for (const to of source) {
        const receipt = await sms.send({ to, content: CONTENT });
        accepted += receipt.accepted.length;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return accepted;
  };
}

function* slices(source) {
  let slice = [];
  for (const number of source) {
    slice.push(number);
    if (slice.length < REQUEST_SIZE) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
