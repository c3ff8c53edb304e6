/**
 * The assignments that end a pending chunk which is not sent any more. If an earlier attempt may have been sent, it
 * stays unknown for ever.
 */
export function givenUp(schema: string): string {
  return `state = case when doubtful then 'abandoned' else 'cancelled' end::${schema}.chunk_state,
    unknown = case when doubtful then n else 0 end, changed_at = clock_timestamp()`;
}
