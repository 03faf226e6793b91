/** Starts the page: the client, the history, the app. */
import { createHashHistory } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { config } from 'zod';
import { App } from './App.tsx';
import { connect } from './client/connect.ts';

config({ jitless: true }); // the content security policy forbids eval

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App client={connect()} history={createHashHistory()} />
  </StrictMode>,
);
