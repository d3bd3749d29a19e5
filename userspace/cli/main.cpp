// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/app.h"

int main(int argc, char** argv) {
  return sluice::cli::run(sluice::cli::Terminal::ofProcess(), argc, argv);
}
