/**
 * What a pending chunk becomes when it is not to be sent any more, as the assignments of an update: what
 * may have been sent before it was sent anew is no more than unknown for ever.
 */
export function givenUp(schema: string): string {
  return `state = case when doubtful then 'abandoned' else 'cancelled' end::${schema}.chunk_state,
    unknown = case when doubtful then n else 0 end, changed_at = clock_timestamp()`;
}
