import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SmsOutbox, SmsTemplates } from 'nestjs-laaffic-outbox';

/** A row of the app. */
export interface Shipment {
  readonly id: number;
  readonly phone: string;
  readonly name: string | undefined;
  readonly language: string;
}

@Injectable()
export class ShipmentMessages implements OnApplicationBootstrap {
  constructor(
    private readonly outbox: SmsOutbox,
    private readonly templates: SmsTemplates,
  ) {}

  /** Stores the texts that come with this release. It changes nothing if they are the same as before. */
  async onApplicationBootstrap() {
    const texts = {
      en: 'Hello {{name|friend}}, order {{order}} is on its way',
      pt: 'Olá {{name|amigo}}, o pedido {{order}} está a caminho',
    };
    await this.templates.put('shipped', { texts, defaultLocale: 'en', maxParts: 2 }, { actor: 'deployment' });
  }

  /** Sends the text in the language of the customer. */
  async tell({ id, phone, name, language }: Shipment) {
    const template = { name: 'shipped', vars: { name, order: id }, locale: language };
    return this.outbox.enqueue({ to: phone, template }, { idempotencyKey: `shipped ${id}` });
  }

  /** What a customer would get, and how many parts it needs. */
  async show(language: string) {
    const { content, segments } = await this.templates.preview('shipped', { vars: { order: 1 }, locale: language });
    return `${content} (${segments.parts} of ${segments.encoding})`;
  }
}
