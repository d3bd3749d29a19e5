// SPDX-License-Identifier: Apache-2.0
// Nothing: what is parsed once for all needs a target, and a target a source (SluiceRooms.cmake).
