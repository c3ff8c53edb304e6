import { HttpStatus } from '@nestjs/common';
import { ServiceException } from '../errors/service.exception.js';

/** What an API key can be allowed to do, and what that is. */
export const SCOPE_DESCRIPTIONS = {
  'messages:send': 'send and cancel single messages',
  'messages:read': 'read single messages, with their numbers',
  'campaigns:write': 'create drafts of campaigns; pause and cancel campaigns',
  'campaigns:start': 'have a campaign send: start it, schedule it, resume it, retry what was rejected',
  'campaigns:read': 'read campaigns and their results',
  'held:read': 'list held recipients',
  'held:resolve': 'decide about held recipients',
  'history:read': 'read the history of everything',
  'inbound:read': 'read what people have written, with their numbers',
  'inbound:review': 'decide what an unclear reply means',
  'opt-outs:read': 'list and check opt-outs, with their numbers',
  'opt-outs:write': 'add and import opt-outs',
  'opt-outs:end': 'end opt-outs',
  'pushes:read': 'read pushes that could not be read, with their numbers and texts',
  'account:read': 'read the state of the account, its balance and costs',
  'account:resume': 'resume the account',
  'verifications:write': 'start, check, resend and cancel verifications; redeem proofs',
  'verifications:read': 'read verifications',
  'verifications:release': 'lift the lock of a number',
  'guard:read': 'read what the guard sees and has rejected',
  'guard:write': 'change the list of the guard',
  'keys:write': 'list, create and revoke API keys',
} as const;

/** What an API key can be allowed to do. */
export type Scope = keyof typeof SCOPE_DESCRIPTIONS;

/** All scopes, in the order of the documentation. */
export const SCOPES = Object.keys(SCOPE_DESCRIPTIONS) as readonly Scope[];

/** The scopes of a caller. */
export class GrantedScopes {
  /** Those of the keys in the environment, and of local callers without a key. */
  static readonly all = new GrantedScopes(SCOPES);

  readonly #scopes: ReadonlySet<string>;

  /** @param scopes a release that does not know a scope ignores it. */
  constructor(scopes: readonly string[]) {
    this.#scopes = new Set(scopes);
  }

  has(scope: Scope): boolean {
    return this.#scopes.has(scope);
  }

  /** @throws {ServiceException} 403 `MISSING_SCOPE`, which names the scope. */
  require(scope: Scope): void {
    if (this.has(scope)) return;
    const details = { code: 'MISSING_SCOPE', missingScope: scope };
    throw new ServiceException(HttpStatus.FORBIDDEN, `The API key lacks the scope ${scope}`, details);
  }
}
