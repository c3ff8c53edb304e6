import { inspect } from 'node:util';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { escapeControls, escapeStack } from './escape-controls.js';

const NEST_BOOT = 'ExceptionHandler';

/**
 * Nest's logger with one line for each record, whatever the record says: the words of callers and of the gateway
 * cannot forge a second record or command the terminal.
 */
export class LineLogger extends ConsoleLogger {
  constructor(format: 'json' | 'text') {
    super({ json: format === 'json' });
  }

  /** Without what Nest tells of a boot that fails: all causes with their stacks, where one line says what to do. */
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

  /** Nest takes the last text of any call for the context. */
  protected override formatContext(context: string): string {
    return super.formatContext(escapeControls(context));
  }

  /** @param stack there is none for most errors, whatever Nest's type says. */
  protected override printStackTrace(stack: string | undefined): void {
    if (stack !== undefined) super.printStackTrace(escapeStack(stack));
  }

  protected override stringifyJsonLogObject(record: Record<string, unknown>): string {
    return escapeControls(super.stringifyJsonLogObject(record));
  }
}

function onOneLine(value: unknown): string {
  return inspect(value, { colors: false, compact: true, breakLength: Infinity, depth: 5 });
}
