import { Inject } from '@nestjs/common';

/** Token of the `LaafficHealthIndicator` of a named account. */
export function getLaafficHealthToken(name: string): string {
  return `LaafficHealthIndicator:${name}`;
}

/** Injects the `LaafficHealthIndicator` of the account that was registered under this name. */
export function InjectLaafficHealth(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(getLaafficHealthToken(name));
}
