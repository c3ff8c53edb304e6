import { addMessage } from '../sql/generated.js';
import type { Statement } from '../sql/statement.js';

/** What a statement that decides about a message returns, in one row. */
export interface Decision {
  /** Whether the message is stored. */
  readonly enqueues: boolean;
}

/** What a statement is passed that decides about a message. */
export interface DecisionParams {
  /** The id that the message will have. It is not passed: the database makes it. */
  readonly messageId: string | null;
}

/** A statement that decides about a message, and stores it. */
export type DecidedMessage<R extends Decision> = Statement<
  Record<string, unknown>,
  R & { readonly message_id: string | null }
>;

/** The parts of `addMessage`: what makes the id, what stores the message, and the row that tells so. */
const PARTS =
  /^with message as materialized \((?<id>[^)]*\(\) as id\s*)\)(?<stores>, with_key as [^]*)\nselect (?<row>[^]*)$/;

/**
 * Joins a statement that decides whether a message is stored with the one that stores it. So both are one round trip, and
 * neither can be without the other.
 */
export function withMessage<P extends object, R extends Decision>(
  decision: Statement<P & DecisionParams, R>,
): DecidedMessage<R> {
  const { id = '', stores = '', row = '' } = PARTS.exec(addMessage.text)?.groups ?? {};
  const passed = decision.params.filter((name) => name !== 'messageId');
  const decided = decision.text.replaceAll(/\$(\d+)/g, (_, position: string) => {
    const name = decision.params[Number(position) - 1];
    return name === 'messageId'
      ? '(select id from reserved)'
      : `$${passed.indexOf(name as (typeof passed)[number]) + 1}`;
  });
  const shifted = (text: string): string =>
    text.replaceAll(/\$(\d+)/g, (_, position: string) => `$${Number(position) + passed.length}`);
  return {
    name: `${decision.name ?? ''} with message`,
    params: [...passed, ...addMessage.params],
    text: `with reserved as materialized (${id}), decision as materialized (
${decided}
), message as materialized (
  select r.id from reserved r cross join decision d where d.enqueues
)${shifted(stores)}
select d.*, e.id as message_id, e.called from decision d left join (select ${shifted(row)}) e on true`,
  };
}
