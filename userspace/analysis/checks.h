// SPDX-License-Identifier: Apache-2.0
// All checks. analyzers.cpp says what each is for and where its rule comes from.
#pragma once

#include "userspace/analysis/mesh.h"
#include "userspace/analysis/report.h"

namespace sluice::analysis {

// References
void checkDestinationHosts(const Mesh& mesh, Report& report);
void checkDestinationSubsets(const Mesh& mesh, Report& report);
void checkGatewayReferences(const Mesh& mesh, Report& report);
void checkSidecarSelectors(const Mesh& mesh, Report& report);
void checkDestinationRuleHosts(const Mesh& mesh, Report& report);
void checkSubsetWorkloads(const Mesh& mesh, Report& report);
void checkVirtualServiceHosts(const Mesh& mesh, Report& report);

// Conflicts
void checkHostConflicts(const Mesh& mesh, Report& report);
void checkDefaultSidecars(const Mesh& mesh, Report& report);
void checkWorkloadServices(const Mesh& mesh, Report& report);
void checkServiceEntryProtocols(const Mesh& mesh, Report& report);
void checkDestinationRuleLookup(const Mesh& mesh, Report& report);

// Declarations that do less than one expects
void checkPortNames(const Mesh& mesh, Report& report);
void checkGrpcPorts(const Mesh& mesh, Report& report);
void checkHttpPorts(const Mesh& mesh, Report& report);
void checkTlsCertificates(const Mesh& mesh, Report& report);
void checkServiceEntryAddresses(const Mesh& mesh, Report& report);
void checkIngressSubsets(const Mesh& mesh, Report& report);
void checkJwtClaims(const Mesh& mesh, Report& report);
void checkAmbientSidecars(const Mesh& mesh, Report& report);
void checkSubsetPolicies(const Mesh& mesh, Report& report);
void checkOutlierLocality(const Mesh& mesh, Report& report);
void checkFaults(const Mesh& mesh, Report& report);
void checkCatchAll(const Mesh& mesh, Report& report);
void checkDoubleSlash(const Mesh& mesh, Report& report);
void checkSplitAnnotation(const Mesh& mesh, Report& report);

// This data plane
void checkPaths(const Mesh& mesh, Report& report);
void checkCapacity(const Mesh& mesh, Report& report);
void checkProducts(const Mesh& mesh, Report& report);
void checkRingHash(const Mesh& mesh, Report& report);
void checkNotCarriedOut(const Mesh& mesh, Report& report);

}  // namespace sluice::analysis
