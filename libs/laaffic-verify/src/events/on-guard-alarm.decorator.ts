import { SetMetadata } from '@nestjs/common';
import { checkHandlerName, type HandlerKind } from 'nestjs-laaffic-outbox/extension';
import { GUARD_ALARM_TYPES, isAlarmType, type GuardAlarm, type GuardAlarmType } from '../guard/guard-alarm.js';

/** Which alarms a method gets, and how the module knows it. */
export interface OnGuardAlarmOptions {
  /**
   * The type of alarms, or several.
   * @default all
   */
  readonly type?: GuardAlarmType | readonly GuardAlarmType[] | undefined;
  /**
   * The name by which the log knows the method: 1 to 200 characters, different from those of all other methods.
   * @default `Module/Class.method`
   */
  readonly name?: string | undefined;
}

/** The types of alarms that a method gets; `undefined` for all. */
export type AlarmTypes = ReadonlySet<string> | undefined;

// A string, not a symbol: the ESM and the CommonJS copy of this package must recognize each other's marks.
const ALARMED = 'nestjs-laaffic-verify:on-guard-alarm';

/**
 * Calls the method when an alarm of the guard is raised, whichever process has raised it.
 *
 * - **Delivery**: at least once for each alarm, in one process that has a method for its type, also with `worker: false`. All
 *   methods of that process for the type are called. An alarm is raised once and goes on for an hour after the last sign.
 *   {@link FraudGuard.findAlarms} shows those that are on.
 * - **Failures**: if one of the methods throws or rejects, all of them are called again, after 1 s and then with back-off up
 *   to an hour. A day after the alarm was raised it is given up, and the log says so. If the process dies, or a method takes
 *   longer than a minute, another process calls its methods too.
 * - **Without methods**: a process leaves alarms to those that have methods for them. The process that has raised an alarm
 *   logs a warning if it has none itself.
 * - **Shutdown** waits for the running calls.
 *
 * The class must be a singleton, not request-scoped. Guards, interceptors and pipes do not run.
 * @throws {TypeError} if `name` is not a name, or `type` is not a type.
 * @example
 * @Injectable()
 * export class Pager {
 *   @OnGuardAlarm({ type: ['cap', 'trouble'] })
 *   async page({ type, scope }: GuardAlarm): Promise<void> {
 *     await this.chat.post(`SMS verification: ${type} ${scope}`);
 *   }
 * }
 */
export function OnGuardAlarm({ type, name }: OnGuardAlarmOptions = {}): <M extends (alarm: GuardAlarm) => unknown>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void {
  checkHandlerName('OnGuardAlarm', name);
  const types: readonly unknown[] | undefined = type === undefined || Array.isArray(type) ? type : [type];
  if (types?.length === 0 || types?.every(isAlarmType) === false) {
    throw new TypeError(`@OnGuardAlarm({ type }) takes one or several of ${GUARD_ALARM_TYPES.join(', ')}`);
  }
  return (target, method, descriptor) => {
    SetMetadata(ALARMED, { types, name })(target, method, descriptor);
  };
}

/** What the decorator says about a method. */
export const ALARM_HANDLERS: HandlerKind<AlarmTypes> = {
  what: 'alarms of the guard',
  decorator: '@OnGuardAlarm',
  markOf: (method) => {
    const given = Reflect.getMetadata(ALARMED, method) as
      | { readonly types: readonly string[] | undefined; readonly name: string | undefined }
      | undefined;
    return given && { mark: given.types && new Set(given.types), name: given.name };
  },
};
