import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { CAMPAIGN_DONE } from './event-queue.js';
import { findHandlerMethods, type HandlerKind } from './handler-methods.js';
import { handlerNameOf, statesOf, takesCampaignDone } from './on-outbox-event.decorators.js';
import type { FinishedCampaign, RecipientStateEvent } from './outbox-events.js';

/** One decorated method. */
export interface EventHandler {
  /** `Module/Class.method`, or the name that the app gave it. The database knows the handler by it. */
  readonly name: string;
  /** The topics it handles: states of recipients, or finished campaigns. */
  readonly topics: ReadonlySet<string>;
  /** May throw, or return a promise. */
  run(event: RecipientStateEvent | FinishedCampaign): unknown;
}

const KIND: HandlerKind<ReadonlySet<string>> = {
  what: 'events of the outbox',
  decorator: '@OnRecipientState',
  markOf: (method) => {
    const topics = new Set<string>([...statesOf(method), ...(takesCampaignDone(method) ? [CAMPAIGN_DONE] : [])]);
    return topics.size === 0 ? undefined : { mark: topics, name: handlerNameOf(method) };
  },
};

/** Finds the decorated methods of the app when all providers exist. */
@Injectable()
export class EventHandlers {
  #handlers: readonly EventHandler[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws {Error} if the class of a decorated method is not a singleton, or if two methods have the same name. */
  get all(): readonly EventHandler[] {
    return (this.#handlers ??= this.#find());
  }

  #find(): EventHandler[] {
    const { discovery, scanner } = this;
    const methods = findHandlerMethods<RecipientStateEvent | FinishedCampaign, ReadonlySet<string>>(
      { discovery, scanner },
      KIND,
    );
    return methods.map((method) => ({
      name: method.name,
      topics: method.mark,
      run: (event) => method.run(event),
    }));
  }
}
