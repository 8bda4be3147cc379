import { Module } from '@nestjs/common';
import { CardHttpController } from './card/card.http.controller.js';
import { CardService } from './card/card.service.js';

@Module({ providers: [CardService], controllers: [CardHttpController], exports: [CardService] })
export class A2AModule {}
