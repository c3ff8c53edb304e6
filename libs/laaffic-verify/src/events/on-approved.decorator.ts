import { SetMetadata } from '@nestjs/common';
import { checkHandlerName, type HandlerKind } from 'nestjs-laaffic-outbox/extension';

/** A number that was verified. */
export interface ApprovedVerification {
  /** The id that `SmsVerification.start` returned. */
  readonly id: string;
  readonly purpose: string;
  /** The verified number in E.164. Missing if the method is called more than a day after the approval. */
  readonly number?: string;
  readonly country: string;
  readonly tenant: string;
  readonly approvedAt: Date;
}

/** How the module knows a handler. */
export interface OnApprovedOptions {
  /**
   * The name by which the module knows the method: 1 to 200 characters, different from those of all other methods. The
   * approvals that wait for a method wait for its name. Give it one before you rename the method, its class or its module,
   * or if processes have the class in different modules.
   * @default `Module/Class.method`
   */
  readonly name?: string | undefined;
}

// A string, not a symbol: the ESM and the CommonJS copy of this package must recognize each other's marks.
const APPROVED = 'nestjs-laaffic-verify:on-approved';

/**
 * Calls the method for each approved verification. It does not matter which process has checked the code.
 *
 * - **Delivery**: after the commit and at least once for each method, in any process that has it, also with
 *   `worker: false`. Processes may have different methods. What one of them does has no effect on the others.
 * - **Order**: approvals reach a method in any order.
 * - **Failures**: if the method throws or rejects, it is called again for the same approval, after 1 s and then with
 *   back-off up to 10 hours. After 20 tries, which take about two days, the approval is dropped for this method and the
 *   log says so. If the process dies, another process continues within a minute.
 * - **Number**: the approval keeps it for a method until the method succeeds, at most for a day. Later calls get no
 *   `number`.
 * - **Concurrency**: a process calls a method for up to 16 approvals at once. Shutdown waits for the running calls.
 * - **Start and end**: a method gets the approvals since the first boot of a process that has it, until 7 days after the
 *   last one was running.
 *
 * The class must be a singleton, not request-scoped. Guards, interceptors and pipes do not run.
 * @throws {TypeError} if `name` is not a name.
 * @example
 * @Injectable()
 * export class Profiles {
 *   @OnApproved()
 *   async markVerified({ number, approvedAt }: ApprovedVerification): Promise<void> {
 *     if (number !== undefined) await this.profiles.update({ number }, { verifiedAt: approvedAt });
 *   }
 * }
 */
export function OnApproved({ name }: OnApprovedOptions = {}): <M extends (approval: ApprovedVerification) => unknown>(
  target: object,
  method: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void {
  checkHandlerName('OnApproved', name);
  return (target, method, descriptor) => {
    SetMetadata(APPROVED, { name })(target, method, descriptor);
  };
}

/** What the decorator says about a method. */
export const APPROVAL_HANDLERS: HandlerKind<true> = {
  what: 'approvals',
  decorator: '@OnApproved',
  markOf: (method) => {
    const options = Reflect.getMetadata(APPROVED, method) as OnApprovedOptions | undefined;
    return options === undefined ? undefined : { mark: true, name: options.name };
  },
};
