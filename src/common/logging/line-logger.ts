import { inspect } from 'node:util';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { currentRequestId } from '../http/request-id.js';
import { escapeControls, escapeStack } from './escape-controls.js';

const NEST_BOOT = 'ExceptionHandler';
/** Contexts of the lines that Nest logs for each module and each route when it starts. */
const NEST_PROGRESS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/**
 * Nest's logger with one line for each record, and the id of the request that it belongs to. The texts of callers and of
 * the gateway cannot forge a second record or control the terminal.
 */
export class LineLogger extends ConsoleLogger {
  constructor(format: 'json' | 'text') {
    super({ json: format === 'json' });
  }

  /** Leaves out some 40 lines of Nest about modules and routes, which hide the start report from a person. */
  override log(message: unknown, ...rest: unknown[]): void {
    if (this.options.json === true || !NEST_PROGRESS.has(rest.at(-1))) super.log(message, ...rest);
  }

  /** Leaves out what Nest logs about a failed start: all causes with their stacks. `startFailure` says what to do. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== NEST_BOOT) super.error(message, ...rest);
  }

  protected override stringifyMessage(message: unknown, level: LogLevel): string {
    const resolved = this.resolveMessage(message);
    const text = typeof resolved === 'string' ? resolved : onOneLine(resolved);
    return this.colorize(escapeControls(text), level);
  }

  protected override stringifyParams(params: Record<string, unknown>): string {
    return escapeControls(onOneLine(params));
  }

  /** Escapes the context too, because Nest takes the last text of any call for it. */
  protected override formatContext(context: string): string {
    const requestId = currentRequestId();
    return super.formatContext(escapeControls(context)) + (requestId === undefined ? '' : `[${requestId}] `);
  }

  /** @param stack is missing for most errors, although Nest's type requires it. */
  protected override printStackTrace(stack: string | undefined): void {
    if (stack !== undefined) super.printStackTrace(escapeStack(stack));
  }

  protected override stringifyJsonLogObject(record: Record<string, unknown>): string {
    const requestId = currentRequestId();
    return escapeControls(super.stringifyJsonLogObject(requestId === undefined ? record : { ...record, requestId }));
  }
}

function onOneLine(value: unknown): string {
  return inspect(value, { colors: false, compact: true, breakLength: Infinity, depth: 5 });
}
