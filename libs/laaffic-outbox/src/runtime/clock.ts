import { Injectable } from '@nestjs/common';

/** Measures the time since it was started. */
export interface Stopwatch {
  /** Whether fewer than this many milliseconds have passed, by both clocks of this process. */
  isWithin(milliseconds: number): boolean;
}

/** The only source of this process's own time. All stored times come from the database server. */
@Injectable()
export class ProcessClock {
  /** Milliseconds since some moment. On some systems it stands still while the machine sleeps. */
  monotonic(): number {
    return performance.now();
  }

  /** Milliseconds since the epoch. Jumps when the clock is set. */
  wall(): number {
    return Date.now();
  }

  /** Starts a stopwatch. */
  start(): Stopwatch {
    const [monotonic, wall] = [this.monotonic(), this.wall()];
    return {
      isWithin: (milliseconds) => {
        const passed = this.wall() - wall;
        // A wall clock that was set back shows too little time. The monotonic clock covers that case.
        return passed < milliseconds && this.monotonic() - monotonic < milliseconds;
      },
    };
  }
}
