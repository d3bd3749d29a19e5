sluice_unit_test(base LINK sluice_base)
