import { cases } from '../../cases.js';
import { checksOf, countAnswers, VerifyProcesses, wrongCode } from '../processes/verify-processes.js';

const ROUNDS = cases(1_000, 20);
const FEWER_ROUNDS = cases(200, 5);
const LONG_MS = 900_000;

let all: VerifyProcesses;
beforeAll(async () => {
  all = await VerifyProcesses.start({ guard: { shadow: 'all' } });
});
afterAll(() => all.close());

/** The wrong codes that count for a number. */
async function failuresOf(id: string): Promise<number> {
  const [row] = await all.query<{ failures: number }>(
    `select p.failures from laaffic_verify.phone p join laaffic_verify.verification v using (tenant, number_key)
      where v.id = $1`,
    [id],
  );
  return row!.failures;
}

it(
  'a hundred right codes at once, in three processes, approve once',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await all.startOne();
      const results = await all.all(checksOf(id, Array<string>(100).fill(all.codeAt(id, 1))));
      expect(countAnswers(results)).toEqual({ approved: 1, over: 99 });
      expect(await all.row(id)).toMatchObject({ state: 'approved', attempts: 1 });
    }
  },
  LONG_MS,
);

it(
  'a hundred wrong codes at once count five attempts',
  async () => {
    for (let round = 0; round < FEWER_ROUNDS; round++) {
      const id = await all.startOne();
      const results = await all.all(checksOf(id, Array<string>(100).fill(wrongCode(all.codeAt(id, 1)))));
      expect(countAnswers(results)).toEqual({
        ...{ 'wrong 4': 1, 'wrong 3': 1, 'wrong 2': 1, 'wrong 1': 1, 'wrong 0': 1, over: 95 },
      });
      expect(await all.row(id)).toMatchObject({ state: 'failed', attempts: 5 });
      expect(await failuresOf(id)).toBe(5);
    }
  },
  LONG_MS,
);

it(
  'right codes among wrong ones approve at most once, and no attempt is lost or granted twice',
  async () => {
    for (let round = 0; round < FEWER_ROUNDS; round++) {
      const id = await all.startOne();
      const right = all.codeAt(id, 1);
      const codes = Array.from({ length: 100 }, (_, at) => (at % 4 === round % 4 ? right : wrongCode(right)));
      const { approved = 0, over = 0, ...wrong } = countAnswers(await all.all(checksOf(id, codes)));
      const counted = Object.values(wrong).length + approved;
      expect(Object.keys(wrong).sort()).toEqual(
        [4, 3, 2, 1, 0]
          .slice(0, counted - approved)
          .map((n) => `wrong ${n}`)
          .sort(),
      );
      expect({ approved, over }).toEqual({ approved: counted < 5 ? 1 : approved, over: 100 - counted });
      expect(await all.row(id)).toMatchObject({ state: approved === 1 ? 'approved' : 'failed', attempts: counted });
      expect(await failuresOf(id)).toBe(approved === 1 ? 0 : 5);
    }
  },
  LONG_MS,
);
