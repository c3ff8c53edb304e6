import { SharedAnswer } from '../../libs/laaffic/src/health/shared-answer.js';

it('tells a failure to those who wait, and asks again for the next', async () => {
  let asked = 0;
  const shared = new SharedAnswer(
    async () => {
      asked += 1;
      if (asked === 1) throw new Error('a mistake');
      return asked;
    },
    10,
    () => 0,
  );
  const both = await Promise.allSettled([shared.get(), shared.get()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([await shared.get(), await shared.get()]).toEqual([2, 2]);
});

it('keeps an answer from when it is there, not from when it was asked for', async () => {
  let now = 0;
  let asked = 0;
  const shared = new SharedAnswer(
    async () => {
      now += 100;
      return ++asked;
    },
    10,
    () => now,
  );
  const answers = [await shared.get()];
  now += 9;
  answers.push(await shared.get());
  now += 1;
  answers.push(await shared.get());
  expect(answers).toEqual([1, 1, 2]);
});
