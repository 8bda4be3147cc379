import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ProjectService } from '../../project/project.service.js';
import type { ExtensionMethod } from '../extension-method.js';
import { DirectoryGuard } from './directory.guard.js';
import { metadata, parseParams, type Params } from './extension.params.js';
import { toProjectItem, toWorkspaceItem } from './workspace-items.mapper.js';

const noParams = z.strictObject({ metadata });

/** Where OpenCode works. What is outside the workspace is told without its path, or not at all. */
@Injectable()
export class WorkspaceQuery {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'opencode.projects.list', scope: 'read', run: (params) => this.projectList(params) },
    { name: 'opencode.projects.current', scope: 'read', run: (params) => this.currentProject(params) },
    { name: 'opencode.workspaces.list', scope: 'read', run: (params) => this.workspaces(params) },
    { name: 'opencode.worktrees.list', scope: 'read', run: (params) => this.worktrees(params) },
  ];

  constructor(
    private readonly projects: ProjectService,
    private readonly directories: DirectoryGuard,
  ) {}

  /** `{items: [{id, name?, vcs?, worktree?, time?}]}` */
  private async projectList(params: Params): Promise<unknown> {
    this.directoryIn(params);
    return { items: (await this.projects.list()).map(toProjectItem) };
  }

  /** `{item: {id, name?, vcs?, worktree?, time?}}` */
  private async currentProject(params: Params): Promise<unknown> {
    return { item: toProjectItem(await this.projects.current(this.directoryIn(params))) };
  }

  /** `{items: [{id, type, name?, branch?, directory?}]}` */
  private async workspaces(params: Params): Promise<unknown> {
    this.directoryIn(params);
    return { items: (await this.projects.workPlaces()).map(toWorkspaceItem) };
  }

  /** `{items: string[]}`: directories. */
  private async worktrees(params: Params): Promise<unknown> {
    this.directoryIn(params);
    return { items: await this.projects.worktrees() };
  }

  private directoryIn(params: Params): string | undefined {
    return this.directories.ofMetadata(parseParams(noParams, params).metadata);
  }
}
