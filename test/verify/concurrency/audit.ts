import type { VerifyProcesses } from '../processes/verify-processes.js';

/** What callers were told about each verification: approvals that were committed, and wrong codes. */
export type Answers = Map<string, { approved: number; wrong: number }>;

/** A change of a verification or of a number, in the order of the locks of its number. */
interface Step {
  readonly transaction: string;
  readonly number_key: string;
  readonly id: string | null;
  readonly before: Fields | null;
  readonly after: Fields;
}

/** Columns of either table; a verification has the first three. */
interface Fields {
  readonly state: string;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly failures: number;
}

const OPEN = ['pending', 'matched'];

/** Records every change from now on. A transaction that rolls back leaves no record. */
export async function auditSteps(all: VerifyProcesses): Promise<void> {
  await all.query(`
    create table step (position bigserial, transaction xid8 default pg_current_xact_id(), number_key bytea, id uuid,
      before jsonb, after jsonb);
    create function note_step() returns trigger language plpgsql as $$
    begin
      insert into public.step (number_key, id, before, after)
        values (new.number_key, (to_jsonb(new) ->> 'id')::uuid, to_jsonb(old), to_jsonb(new));
      return null;
    end $$;
    create trigger note after insert or update on laaffic_verify.verification for each row execute function note_step();
    create trigger note after insert or update on laaffic_verify.phone for each row execute function note_step()`);
}

/**
 * What is wrong with the recorded changes, by rules of their own, and the number of approvals and of wrong codes.
 * @param isComplete whether callers were told everything. Otherwise some answers were lost.
 */
export async function problemsOf(
  all: VerifyProcesses,
  answers: Answers,
  isComplete = true,
): Promise<{ problems: string[]; approved: number; wrong: number }> {
  const steps = await all.query<Step>(
    `select transaction::text, encode(number_key, 'hex') as number_key, id, before, after from public.step order by position`,
  );
  const problems: string[] = [];
  const seen: Answers = new Map();
  const failures = new Map<string, number>();
  for (const group of byTransaction(steps)) {
    let [attempts, isApproved] = [0, false];
    for (const { id, before, after } of group.filter((step) => step.id !== null)) {
      const counted = after.attempts - (before?.attempts ?? 0);
      attempts += counted;
      if (![0, 1].includes(counted)) problems.push(`${id}: ${counted} attempts in one change`);
      if (after.attempts > after.max_attempts) problems.push(`${id}: an attempt too many`);
      const [from, to] = [before?.state ?? 'pending', after.state];
      if (from !== to && !OPEN.includes(from)) problems.push(`${id}: ${from} became ${to}`);
      if (counted > 0 && !OPEN.includes(from)) problems.push(`${id}: an attempt when it was ${from}`);
      if (from !== to && to === 'approved') {
        isApproved = true;
        answersOf(seen, id!).approved++;
      }
    }
    for (const { number_key: key, before, after } of group.filter((step) => step.id === null)) {
      const [from, to] = [failures.get(key) ?? 0, after.failures];
      if (from !== (before?.failures ?? 0)) problems.push(`${key}: failures changed beside the record`);
      failures.set(key, to);
      if (to === from + 1) {
        const [checked] = group.filter((step) => step.id !== null);
        if (attempts !== 1 || checked === undefined) problems.push(`${key}: a failure without an attempt`);
        else answersOf(seen, checked.id!).wrong++;
        attempts = 0;
      } else if (to !== from && to !== 0) problems.push(`${key}: ${from} failures became ${to}`);
      else if (isApproved && to !== 0) problems.push(`${key}: failures after an approval`);
    }
  }
  for (const id of new Set([...seen.keys(), ...answers.keys()])) {
    const [stored, told] = [answersOf(seen, id), answersOf(answers, id)];
    const lost = [stored.approved - told.approved, stored.wrong - told.wrong];
    if (lost.some((count) => (isComplete ? count !== 0 : count < 0))) {
      problems.push(`${id}: ${JSON.stringify(stored)} is stored, and callers were told ${JSON.stringify(told)}`);
    }
    if (answersOf(seen, id).approved > 1) problems.push(`${id}: approved twice`);
  }
  problems.push(...(await problemsOfMessages(all)));
  const sum = (kind: 'approved' | 'wrong') => [...seen.values()].reduce((total, each) => total + each[kind], 0);
  return { problems, approved: sum('approved'), wrong: sum('wrong') };
}

/** Verifications without their messages, and messages without their verification. */
export async function problemsOfMessages(all: VerifyProcesses): Promise<string[]> {
  const rows = await all.query<{ problem: string }>(`
    with sent as (
      select split_part(key, ' ', 2)::uuid as id, split_part(key, ' ', 3)::int as position, message_id
      from (select key, id as message_id from laaffic_outbox.idempotency_key) k where key like 'verification %'
    )
    select v.id || ' has ' || v.sends || ' messages, and ' || count(s) || ' are stored' as problem
      from laaffic_verify.verification v left join sent s on s.id = v.id group by v.id having count(s) <> v.sends
    union all select s.id || ' has a message and no verification'
      from sent s where not exists (select from laaffic_verify.verification v where v.id = s.id)
    union all select v.id || ' does not know its last message' from laaffic_verify.verification v
      left join sent s on s.id = v.id and s.position = v.sends where s.message_id is distinct from v.message_id
    union all select 'message ' || c.id || ' has no key' from laaffic_outbox.chunk c
      where not exists (select from sent s where s.message_id = c.id)`);
  return rows.map(({ problem }) => problem);
}

function byTransaction(steps: readonly Step[]): Step[][] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const key = `${step.transaction} ${step.number_key}`;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups.values()];
}

function answersOf(all: Answers, id: string): { approved: number; wrong: number } {
  let counts = all.get(id);
  if (counts === undefined) all.set(id, (counts = { approved: 0, wrong: 0 }));
  return counts;
}
