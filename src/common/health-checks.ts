import { Injectable } from '@nestjs/common';
import type { HealthIndicatorFunction } from '@nestjs/terminus';

/** The checks of `/health` by modules that only some configurations have. */
@Injectable()
export class HealthChecks {
  readonly #all: HealthIndicatorFunction[] = [];

  get all(): readonly HealthIndicatorFunction[] {
    return this.#all;
  }

  add(check: HealthIndicatorFunction): void {
    this.#all.push(check);
  }
}
