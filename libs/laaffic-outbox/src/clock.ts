import { Injectable } from '@nestjs/common';

/** Measures the time since it was started. */
export interface Stopwatch {
  /** Whether fewer than so many milliseconds have passed, by both clocks of this process. */
  isWithin(milliseconds: number): boolean;
}

/** The one place where this process' own time enters; the ledger's times are the server's. */
@Injectable()
export class ProcessClock {
  /** Milliseconds since some moment; stands still while the machine sleeps, on some systems. */
  monotonic(): number {
    return performance.now();
  }

  /** Milliseconds since the epoch; jumps when somebody sets it. */
  wall(): number {
    return Date.now();
  }

  /** Starts a stopwatch. */
  start(): Stopwatch {
    const [monotonic, wall] = [this.monotonic(), this.wall()];
    return {
      isWithin: (milliseconds) => {
        const passed = this.wall() - wall;
        // A wall clock that was set back says nothing; the other one does.
        return passed < milliseconds && this.monotonic() - monotonic < milliseconds;
      },
    };
  }
}
