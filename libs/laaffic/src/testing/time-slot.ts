/** A time range in a request to the platform: whole seconds, both ends included. */
export interface TimeSlot {
  readonly from: Date;
  readonly to: Date;
}

export function timeSlot(from: unknown, to: unknown): TimeSlot {
  return { from: new Date(String(from)), to: new Date(String(to)) };
}

export function isWithin({ from, to }: TimeSlot, at: Date): boolean {
  const second = Math.floor(at.getTime() / 1000) * 1000;
  return second >= from.getTime() && second <= to.getTime();
}
