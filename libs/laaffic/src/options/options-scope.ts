import type { InjectionToken, OnModuleInit, Provider } from '@nestjs/common';
import { LaafficOptionsError } from './laaffic-options.error.js';

const DEFAULT_PROBLEM =
  'the options are request-scoped, but the module is created once: inject only providers of the default scope';

/**
 * Providers that reject request-scoped options at boot. Nest would create what depends on them for each request, or
 * never.
 * @param options the token of the options.
 * @param problem what is wrong, and what to do instead.
 */
export function optionsScopeCheck(options: InjectionToken, problem = DEFAULT_PROBLEM): Provider[] {
  const check = Symbol('options-scope-check');
  return [
    { provide: check, useFactory: () => new OptionsScopeCheck(problem) },
    {
      provide: Symbol('options-created'),
      // Nest calls this at boot only if the options are not request-scoped. `ModuleRef` would tell the same, but its
      // package doubles the time that it takes to load this one.
      useFactory: (_options: unknown, created: OptionsScopeCheck) => (created.areCreated = true),
      inject: [options, check],
    },
  ];
}

class OptionsScopeCheck implements OnModuleInit {
  areCreated = false;

  constructor(private readonly problem: string) {}

  onModuleInit(): void {
    if (!this.areCreated) throw new LaafficOptionsError([this.problem]);
  }
}
