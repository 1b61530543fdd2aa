# SPDX-License-Identifier: GPL-2.0-only
# Bars of stock, ours and floor for each kernel, a panel a kind of memory; for tests/bench/plot.
set terminal svg size 1000,720 font "sans-serif,13" background "white"
set output out
set multiplot layout 2,2 margins 0.07,0.985,0.07,0.87 spacing 0.07,0.12

set label 1 title.": instructions for each page of 4 KiB, by kernel (logarithmic)" at screen 0.5,0.97 center font ",16"
set logscale y
set yrange [lowest:9000]
set ytics nomirror
set grid ytics lc rgb "#dddddd"
set xrange [-0.6:3.6]
set xtics nomirror scale 0
set boxwidth 0.26
set style fill solid noborder
set border 3
set key off

stock = "#9a9a9a"
ours = "#2166ac"
floor = "#a6d4a0"

# The key is drawn once, above the panels.
set object 1 rectangle at screen 0.28,0.925 size screen 0.015,0.018 fc rgb stock fs solid noborder
set object 2 rectangle at screen 0.45,0.925 size screen 0.015,0.018 fc rgb ours fs solid noborder
set object 3 rectangle at screen 0.60,0.925 size screen 0.015,0.018 fc rgb floor fs solid noborder
set label 2 "vfio\\_iommu\\_type1" at screen 0.292,0.925
set label 3 "vfio\\_type1\\_ng" at screen 0.462,0.925
set label 4 "the least this kernel allows" at screen 0.612,0.925

text(x) = x < 9.95 ? sprintf("%.1f", x) : sprintf("%.0f", x)

kinds = "huge thp 4k 4k_scattered"
names = "'Huge pages of 2 MiB (hugetlb)' 'Transparent huge pages' '4 KiB pages in order' '4 KiB pages, scattered'"
do for [i = 1:4] {
	file = work."/".operation."_".word(kinds, i)
	set title word(names, i) offset 0,-0.6
	plot file using ($0 - 0.28):2 with boxes lc rgb stock, \
		"" using 0:3:xtic(stringcolumn(1)) with boxes lc rgb ours, \
		"" using ($0 + 0.28):4 with boxes lc rgb floor, \
		"" using ($0 - 0.28):2:(text($2)) with labels offset 0,0.5 font ",10", \
		"" using 0:3:(text($3)) with labels offset 0,0.5 font ",10", \
		"" using ($0 + 0.28):4:(text($4)) with labels offset 0,0.5 font ",10"
	# What is drawn on the whole picture, only once.
	unset label
	unset object
}
unset multiplot
